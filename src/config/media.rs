//! Where media are kept, and how platforms fetch them.

use std::{path::PathBuf, time::Duration};

use outbound::AllowedHost;
use secrecy::SecretString;
use url::Url;

use super::{parse::Size, reader::Reader, server::https};

/// Everything about media.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    /// Where bytes are kept.
    pub(crate) store: MediaStore,
    /// The largest picture, in bytes.
    pub(crate) max_image: u64,
    /// The largest video, in bytes.
    pub(crate) max_video: u64,
    /// How long a link works.
    pub(crate) link_ttl: Duration,
    /// Where platforms fetch, if not from the API's public address.
    pub(crate) public_url: Option<Url>,
    /// Private servers that may be fetched from.
    pub(crate) allow_private: Vec<AllowedHost>,
}

/// Where bytes are kept.
#[derive(Debug, Clone)]
pub(crate) enum MediaStore {
    /// In a directory of this machine.
    Local(PathBuf),
    /// In a bucket.
    S3(Bucket),
}

/// A bucket on an S3 server.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// The server.
    pub(crate) endpoint: Url,
    /// The bucket's name.
    pub(crate) name: String,
    /// The region, as the server names it.
    pub(crate) region: String,
    /// The id of the access key.
    pub(crate) access_key: String,
    /// Its secret.
    pub(crate) secret_key: SecretString,
}

#[derive(Clone, Copy)]
enum StoreKind {
    Local,
    S3,
}

impl Media {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let kind = reader.choice("media_store", &[("local", StoreKind::Local), ("s3", StoreKind::S3)]);
        let dir = reader.value("media_dir").unwrap_or_else(|| reader.state_dir.join("media"));
        let store = kind.and_then(|kind| match kind {
            StoreKind::Local => Some(MediaStore::Local(dir)),
            StoreKind::S3 => Bucket::read(reader).map(MediaStore::S3),
        });
        // Links outlive neither their purpose nor a quarter of an hour.
        let link_ttl = reader.within("media_link_ttl", Duration::from_mins(1)..=Duration::from_mins(15));
        let max_image = reader.value::<Size>("media_max_image");
        let max_video = reader.value::<Size>("media_max_video");
        let public_url =
            reader.value("media_public_url").and_then(|url| https(reader, "media_public_url", url));
        let allow_private: Vec<_> = reader.value("fetch_allow_private").unwrap_or_default();
        if reader.production() && !allow_private.is_empty() {
            reader.refuse(
                "fetch_allow_private",
                "opens the private network to whoever may upload; remove it in production",
            );
        }
        Some(Self {
            store: store?,
            max_image: max_image?.0,
            max_video: max_video?.0,
            link_ttl: link_ttl?,
            public_url,
            allow_private,
        })
    }
}

impl Bucket {
    fn read(reader: &Reader<'_>) -> Option<Self> {
        const MISSING: &str = "is missing; POSTERN_MEDIA_STORE=s3 needs it";
        let endpoint = reader
            .required("media_s3_endpoint", MISSING)
            .and_then(|url| https(reader, "media_s3_endpoint", url));
        let name = reader.required("media_s3_bucket", MISSING);
        let region = reader.required("media_s3_region", MISSING);
        let access_key = reader.required("media_s3_access_key", MISSING);
        let secret_key = reader.secret_text("media_s3_secret_key");
        if secret_key.is_none() {
            reader.refuse("media_s3_secret_key", MISSING);
        }
        Some(Self {
            endpoint: endpoint?,
            name: name?,
            region: region?,
            access_key: access_key?,
            secret_key: secret_key?,
        })
    }
}
