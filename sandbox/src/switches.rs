//! Switches for what Meta's sources leave open or contradict each other about.

use poem_openapi::{Enum, Object};

/// What a second `media_publish` of one container answers; no document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum SecondPublish {
    /// Code 100, "already been published".
    Error,
    /// The id of the media object that exists.
    SameId,
    /// Another media object: a duplicate.
    NewMedia,
}

/// The body of a successful revocation: the guide says `true`, the platform answers an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum RevokeBody {
    /// `{"success":true}`.
    Object,
    /// `true`.
    True,
}

/// All switches; the defaults are what current clients observe, and the stricter choice where nobody knows.
#[expect(clippy::struct_excessive_bools, reason = "each switch is an open question with two answers")]
#[derive(Debug, Clone, Copy, Object)]
#[oai(deny_unknown_fields, default)]
pub(crate) struct Switches {
    /// Second `media_publish` of one container.
    pub(crate) second_publish: SecondPublish,
    /// Body of `DELETE /me/permissions`.
    pub(crate) revoke_body: RevokeBody,
    /// `config.quota_total`: the publishing guide says 100, the references 50 and 25.
    pub(crate) ig_quota_total: u32,
    /// How many containers an account makes within 24 hours, children of carousels included.
    pub(crate) ig_containers_per_day: u32,
    /// Whether `POST /{post} is_published=true` publishes an unpublished post.
    pub(crate) publish_unpublished_post: bool,
    /// Most photos in `attached_media`; 0 means no bound.
    pub(crate) attached_media_max: u32,
    /// Whether a used code answers subcode 36009 beside code 100.
    pub(crate) code_subcodes: bool,
    /// Whether usage headers come with the older `X-Page-Usage` too.
    pub(crate) page_usage_header: bool,
    /// Whether two identical text posts in a row are refused with 506/1455006.
    pub(crate) refuse_identical_posts: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            second_publish: SecondPublish::Error,
            revoke_body: RevokeBody::Object,
            ig_quota_total: 100,
            ig_containers_per_day: 400,
            publish_unpublished_post: true,
            attached_media_max: 0,
            code_subcodes: true,
            page_usage_header: false,
            refuse_identical_posts: true,
        }
    }
}
