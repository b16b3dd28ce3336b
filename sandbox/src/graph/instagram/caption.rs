//! Rules for texts (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>).

use crate::graph::error::GraphError;

const LONGEST_CAPTION: usize = 2_200;
const MOST_HASHTAGS: usize = 30;
const MOST_MENTIONS: usize = 20;
const LONGEST_ALT_TEXT: usize = 1_000;

/// Checks a caption: at most 2,200 characters, 30 hashtags and 20 mentions.
pub(crate) fn check(caption: &str) -> Result<(), GraphError> {
    let fits = caption.chars().count() <= LONGEST_CAPTION
        && tags(caption, '#') <= MOST_HASHTAGS
        && tags(caption, '@') <= MOST_MENTIONS;
    if fits {
        return Ok(());
    }
    Err(GraphError::new(36_004, "The caption was too long").sub(2_207_010).user(
        "Caption too long",
        "The caption is too long. It can have at most 2,200 characters, 30 hashtags and 20 @ tags.",
    ))
}

/// Checks an alternative text: at most 1,000 characters.
pub(crate) fn check_alt_text(text: &str) -> Result<(), GraphError> {
    if text.chars().count() <= LONGEST_ALT_TEXT {
        return Ok(());
    }
    Err(GraphError::new(100, "(#100) Param alt_text must be no longer than 1000 characters"))
}

/// Words that begin with the sign and go on with a letter, digit or underscore.
fn tags(text: &str, sign: char) -> usize {
    let starts = |(at, _): &(usize, &str)| {
        text[at + sign.len_utf8()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    text.match_indices(sign).filter(starts).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_inclusive() {
        assert!(check(&"ä".repeat(2_200)).is_ok());
        assert_eq!(check(&"ä".repeat(2_201)).unwrap_err().subcode, Some(2_207_010));
        assert!(check(&"#a ".repeat(30)).is_ok());
        assert!(check(&"#a ".repeat(31)).is_err());
        assert!(check(&"@a ".repeat(20)).is_ok());
        assert!(check(&"@a ".repeat(21)).is_err());
        assert!(check(&"# ".repeat(50)).is_ok());
    }
}
