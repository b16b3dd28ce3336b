//! Identifiers: strings that say what they name.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use tenancy::id::{StaticType, TypeSafeId};

use super::as_text;

/// An identifier as it is written: the prefix of what it names and 26 characters that sort by time.
pub struct Id<T: StaticType>(pub TypeSafeId<T>);

impl<T: StaticType> Id<T> {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

// By hand, because deriving would ask the tags for what they do not have.
impl<T: StaticType> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self(TypeSafeId::from_uuid(self.0.uuid()))
    }
}

impl<T: StaticType> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.uuid() == other.0.uuid()
    }
}

impl<T: StaticType> Eq for Id<T> {}

impl<T: StaticType> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.uuid().hash(state);
    }
}

impl<T: StaticType> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: StaticType> From<TypeSafeId<T>> for Id<T> {
    fn from(id: TypeSafeId<T>) -> Self {
        Self(id)
    }
}

impl<T: StaticType + Send + Sync> Type for Id<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        format!("{}_id", T::TYPE).into()
    }

    /// The pattern is that of type-safe ids: base 32 without i, l, o and u, whose first digit is at most 7 (128 bits).
    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.pattern = Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", T::TYPE));
        schema.example = Some(format!("{}_01jd0w5k7vf3q8c2t9m4x6y1za", T::TYPE).into());
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

as_text!([T: StaticType + Send + Sync] Id<T>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_accepts_what_is_written_and_the_example_reads() {
        let MetaSchemaRef::Inline(schema) = Id::<tenancy::id::Organization>::schema_ref() else {
            unreachable!()
        };
        let pattern = regex::Regex::new(&schema.pattern.unwrap()).unwrap();
        for _ in 0..100 {
            assert!(pattern.is_match(&tenancy::OrganizationId::new().to_string()));
        }
        let example = schema.example.unwrap();
        assert!(pattern.is_match(example.as_str().unwrap()));
        assert!(Id::<tenancy::id::Organization>::read(example.as_str().unwrap()).is_some());
    }
}
