//! Signature Version 4 in headers:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::Url;

use super::S3Settings;

/// Stands in the place of the body's hash when the body is not signed.
pub(super) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// SHA-256 of nothing.
pub(super) const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The headers of a signed request: `extra` (names in lower case), the ones the protocol adds, and the signature over all of
/// them. `Host` is signed as the client will send it. The path needs no escaping and there is no query.
pub(super) fn headers(
    settings: &S3Settings,
    method: &Method,
    url: &Url,
    extra: &[(&str, String)],
    payload: &str,
    now: DateTime<Utc>,
) -> Vec<(String, String)> {
    let time = now.format("%Y%m%dT%H%M%SZ").to_string();
    let mut sent: Vec<(String, String)> =
        extra.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    sent.push(("x-amz-content-sha256".to_owned(), payload.to_owned()));
    sent.push(("x-amz-date".to_owned(), time.clone()));
    let mut signed = sent.clone();
    signed.push(("host".to_owned(), host(url)));
    signed.sort();
    let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines = signed.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join("\n");
    let canonical = format!("{method}\n{}\n\n{lines}\n\n{names}\n{payload}", url.path());
    let scope = format!("{}/{}/s3/aws4_request", &time[..8], settings.region);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
    let signature = hex::encode(hmac(&signing_key(settings, &time[..8]), text.as_bytes()));
    sent.push((
        "authorization".to_owned(),
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            settings.access_key
        ),
    ));
    sent
}

fn signing_key(settings: &S3Settings, day: &str) -> [u8; 32] {
    let secret = format!("AWS4{}", settings.secret_key.expose_secret());
    let of_day = hmac(secret.as_bytes(), day.as_bytes());
    let of_region = hmac(&of_day, settings.region.as_bytes());
    hmac(&hmac(&of_region, b"s3"), b"aws4_request")
}

/// A key may have any length here (RFC 2104): a longer one than the hash's block is hashed first, a shorter one padded.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    match block.get_mut(..key.len()) {
        Some(begin) => begin.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    /// The example of the specification: "GET Object" with a range.
    #[test]
    fn the_example_of_the_specification_has_the_signature_it_says() {
        let settings = S3Settings {
            endpoint: "https://examplebucket.s3.amazonaws.com".parse().unwrap(),
            bucket: "examplebucket".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned().into(),
        };
        let url = "https://examplebucket.s3.amazonaws.com/test.txt".parse().unwrap();
        let now = Utc.with_ymd_and_hms(2013, 5, 24, 0, 0, 0).unwrap();
        let extra = [("range", "bytes=0-9".to_owned())];
        let sent = headers(&settings, &Method::GET, &url, &extra, EMPTY, now);
        let (_, authorization) = sent.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }
}
