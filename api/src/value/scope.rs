//! Scopes.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use tenancy::Scope;

use super::{as_text, plain_type};

/// A scope by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeName(pub Scope);

impl ScopeName {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(self) -> String {
        self.0.to_string()
    }
}

impl Type for ScopeName {
    plain_type!("Scope");

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |_| {
            let mut schema = MetaSchema::new("string");
            schema.description = Some("One permission, written `topic:verb`.");
            schema.enum_items = Scope::ALL.iter().map(|scope| scope.as_str().into()).collect();
            schema
        });
    }
}

as_text!([] ScopeName);
