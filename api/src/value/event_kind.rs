//! What happened, in a word.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};

use super::{as_text, plain_type};

/// A topic and a word, such as `publication.published`. An open list: new kinds come with new versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventKind(pub String);

/// The longest topic, and the longest word.
const LONGEST: usize = 40;

impl EventKind {
    fn read(text: &str) -> Option<Self> {
        let is_word = |part: &str| {
            (1..=LONGEST).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        let (topic, word) = text.split_once('.')?;
        (is_word(topic) && is_word(word)).then(|| Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

impl Type for EventKind {
    plain_type!("event_kind");

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.pattern = Some(r"^[a-z_]{1,40}\.[a-z_]{1,40}$".into());
        schema.example = Some("publication.published".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

as_text!([] EventKind);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_topic_and_a_word() {
        assert_eq!(EventKind::read("post.moved"), Some(EventKind("post.moved".into())));
        for other in ["", "post", "post.", ".moved", "post.moved.twice", "Post.moved", "post.mo\0ved"] {
            assert_eq!(EventKind::read(other), None, "{other}");
        }
    }
}
