//! Platforms: what they accept and ask for, as data. The same values are validated against.

use poem_openapi::{Object, OpenApi};
use publishing::platform::{self, Capabilities};

use super::Chapter;
use crate::{
    answer::Found,
    problem::Answer,
    request::{Access, permissions::Anyone},
    value::PlatformName,
};

/// The shape of a picture: width divided by height, in thousandths.
#[derive(Object)]
struct AspectRatio {
    /// The narrowest accepted.
    min_thousandths: u32,
    /// The widest accepted.
    max_thousandths: u32,
}

/// What a platform accepts of pictures.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct PictureRules {
    /// Content types.
    content_types: Vec<String>,
    /// The largest file in bytes.
    max_bytes: u64,
    /// Accepted shapes; absent where any goes.
    aspect_ratio: Option<AspectRatio>,
    /// The smallest width in pixels.
    min_width: u32,
    /// The longest alternative text in characters.
    max_alt_text: usize,
}

/// A platform and what it accepts and asks for.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct PlatformRules {
    /// The platform.
    platform: PlatformName,
    /// What can be published there: `text` (a caption, alone or with a link), `photo`, `photos` (several in one post).
    formats: Vec<String>,
    /// The longest caption in characters (Unicode scalar values).
    max_caption: usize,
    /// Most `#hashtags` in a caption; absent where unlimited.
    max_hashtags: Option<usize>,
    /// Most `@mentions` in a caption; absent where unlimited.
    max_mentions: Option<usize>,
    /// Whether a link can be attached.
    links: bool,
    /// Most pictures in one post.
    max_pictures: usize,
    /// What pictures must be.
    pictures: PictureRules,
    /// How soon a channel may get the same caption again from a series, in hours.
    repeat_after_hours: u32,
    /// The scopes of the platform that publication needs.
    required_scopes: Vec<String>,
    /// The youngest person the platform allows, in years.
    min_age: u8,
    /// Most posts of one Page or account within any 24 hours; absent where unlimited.
    max_posts_a_day: Option<u32>,
}

impl From<&Capabilities> for PlatformRules {
    fn from(can: &Capabilities) -> Self {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let ratio = |r: platform::AspectRatio| AspectRatio {
            min_thousandths: r.min_thousandths,
            max_thousandths: r.max_thousandths,
        };
        Self {
            platform: PlatformName(can.platform),
            formats: can.formats.iter().map(|format| format.as_str().to_owned()).collect(),
            max_caption: can.max_caption,
            max_hashtags: can.max_hashtags,
            max_mentions: can.max_mentions,
            links: can.links,
            max_pictures: can.max_pictures,
            pictures: PictureRules {
                content_types: texts(can.pictures.content_types),
                max_bytes: can.pictures.max_bytes,
                aspect_ratio: can.pictures.aspect_ratio.map(ratio),
                min_width: can.pictures.min_width,
                max_alt_text: can.pictures.max_alt_text,
            },
            repeat_after_hours: can.repeat_after_hours,
            required_scopes: texts(can.required_scopes),
            min_age: can.min_age,
            max_posts_a_day: can.max_posts_a_day,
        }
    }
}

/// Every platform.
#[derive(Object)]
struct Platforms {
    /// The platforms.
    data: Vec<PlatformRules>,
}

/// Platforms.
pub struct PlatformsResource;

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Channels")]
impl PlatformsResource {
    /// List platforms
    ///
    /// What each accepts and asks for: the very values that posts are validated against.
    #[oai(path = "/platforms", method = "get", operation_id = "listPlatforms")]
    #[expect(clippy::unused_async, reason = "the framework calls async handlers only")]
    async fn list(&self, _caller: Access<Anyone>) -> Answer<Found<Platforms>> {
        let data = platform::Platform::ALL.iter().map(|one| one.capabilities().into()).collect();
        Ok(Found::plain(Platforms { data }))
    }
}
