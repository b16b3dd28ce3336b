//! Platforms and what they accept, as data: the same value is validated against, documented and served.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// A platform Postern publishes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Facebook Pages.
    Facebook,
    /// Instagram professional accounts.
    Instagram,
}

impl Platform {
    /// Every platform.
    pub const ALL: [Self; 2] = [Self::Facebook, Self::Instagram];

    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
        }
    }

    /// What the platform accepts.
    pub const fn capabilities(self) -> &'static Capabilities {
        match self {
            Self::Facebook => &FACEBOOK,
            Self::Instagram => &INSTAGRAM,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no platform.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown platform `{0}`")]
pub struct UnknownPlatform(pub String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}

/// How a publication is made on its platform: which calls, and which evidence afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A caption, alone or with a link.
    Text,
    /// One picture.
    Photo,
    /// Several pictures in one post.
    Photos,
}

impl Format {
    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Photo => "photo",
            Self::Photos => "photos",
        }
    }

    /// The format that this many pictures make.
    pub const fn of(pictures: usize) -> Self {
        match pictures {
            0 => Self::Text,
            1 => Self::Photo,
            _ => Self::Photos,
        }
    }
}

/// The shape of a picture as width divided by height, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AspectRatio {
    /// The narrowest accepted.
    pub min_thousandths: u32,
    /// The widest accepted.
    pub max_thousandths: u32,
}

/// What a platform accepts of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PictureRules {
    /// Content types.
    pub content_types: &'static [&'static str],
    /// Largest file, in bytes.
    pub max_bytes: u64,
    /// Accepted shapes; `None` where any goes.
    pub aspect_ratio: Option<AspectRatio>,
    /// Smallest width in pixels.
    pub min_width: u32,
    /// Longest alternative text, in characters.
    pub max_alt_text: usize,
}

/// What a platform accepts, and what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// The platform.
    pub platform: Platform,
    /// The formats Postern publishes there.
    pub formats: &'static [Format],
    /// Longest caption, in characters (Unicode scalar values).
    pub max_caption: usize,
    /// Most `#hashtags` in a caption, where limited.
    pub max_hashtags: Option<usize>,
    /// Most `@mentions` in a caption, where limited.
    pub max_mentions: Option<usize>,
    /// Whether a link can be attached.
    pub links: bool,
    /// Most pictures in one post.
    pub max_pictures: usize,
    /// What pictures must be.
    pub pictures: PictureRules,
    /// How soon a channel may get the same caption again from a series, in hours. See [`REPEAT_AFTER_HOURS`].
    pub repeat_after_hours: u32,
    /// The scopes publication needs.
    pub required_scopes: &'static [&'static str],
    /// The youngest person the platform allows, in years.
    pub min_age: u8,
    /// Most posts of one Page or account within any 24 hours, where limited.
    pub max_posts_a_day: Option<u32>,
}

/// A day, also one on which clocks skip two hours, as those of Troll do, so that once a day is never too often. Meta refuses and
/// holds back posts that repeat themselves, and documents no distance that would be enough; this one is our own choice, for
/// both of its platforms.
pub const REPEAT_AFTER_HOURS: u32 = 22;

/// Facebook Pages. Limits: Page photos reference (10 MB; JPEG, BMP, PNG, GIF, TIFF; of these Postern keeps JPEG, PNG and GIF);
/// the caption limit is what published clients use, the reference is silent; ten pictures is the largest number clients report
/// to work. Minimum age 13: Meta's terms of service.
const FACEBOOK: Capabilities = Capabilities {
    platform: Platform::Facebook,
    formats: &[Format::Text, Format::Photo, Format::Photos],
    max_caption: 63_206,
    max_hashtags: None,
    max_mentions: None,
    links: true,
    max_pictures: 10,
    pictures: PictureRules {
        content_types: &["image/jpeg", "image/png", "image/gif"],
        max_bytes: 10_000_000,
        aspect_ratio: None,
        min_width: 1,
        max_alt_text: 1_000,
    },
    repeat_after_hours: REPEAT_AFTER_HOURS,
    required_scopes: &["pages_show_list", "pages_read_engagement", "pages_manage_posts"],
    min_age: 13,
    max_posts_a_day: None,
};

/// Instagram professional accounts. Limits: Instagram platform, content publishing and IG User media reference (JPEG only, 8 MB, 4:5 to
/// 1.91:1, width from 320; caption 2,200 characters, 30 hashtags, 20 mentions; carousels of 2 to 10; alt text 1,000;
/// 100 posts published through the API within 24 hours, a carousel counting as one).
const INSTAGRAM: Capabilities = Capabilities {
    platform: Platform::Instagram,
    formats: &[Format::Photo, Format::Photos],
    max_caption: 2_200,
    max_hashtags: Some(30),
    max_mentions: Some(20),
    links: false,
    max_pictures: 10,
    pictures: PictureRules {
        content_types: &["image/jpeg"],
        max_bytes: 8_000_000,
        aspect_ratio: Some(AspectRatio { min_thousandths: 800, max_thousandths: 1_910 }),
        min_width: 320,
        max_alt_text: 1_000,
    },
    repeat_after_hours: REPEAT_AFTER_HOURS,
    required_scopes: &[
        "pages_show_list",
        "pages_read_engagement",
        "instagram_basic",
        "instagram_content_publish",
    ],
    min_age: 13,
    max_posts_a_day: Some(100),
};
