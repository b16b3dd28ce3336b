//! Identifiers: a type prefix and a `UUIDv7`, written as a `TypeID` (`org_01jd…`), so that they sort by time of creation
//! and say what they name. Format: <https://github.com/jetify-com/typeid/tree/main/spec>.

/// Declares identifier types: `ids! { /// One organization. Organization => "org" as OrganizationId }`.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $tag:ident => $prefix:literal as $name:ident;)*) => {$(
        #[doc = concat!("The type tag of [`", stringify!($name), "`].")]
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $tag;

        impl $crate::id::StaticType for $tag {
            const TYPE: &'static str = $prefix;
        }

        $(#[$doc])*
        pub type $name = $crate::id::TypeSafeId<$tag>;
    )*};
}

pub use type_safe_id::{StaticType, TypeSafeId};

ids! {
    /// An organization: the tenant.
    Organization => "org" as OrganizationId;
    /// A workspace: one brand or client of an organization.
    Workspace => "ws" as WorkspaceId;
    /// A person who can sign in.
    Person => "person" as PersonId;
    /// A signed-in session of a person.
    Session => "session" as SessionId;
    /// An API key.
    ApiKey => "key" as ApiKeyId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_names_and_reads_back() {
        let id = OrganizationId::new();
        let text = id.to_string();
        assert!(text.starts_with("org_"));
        assert_eq!(text.parse::<OrganizationId>().unwrap(), id);
        assert!(text.parse::<WorkspaceId>().is_err());
    }

    #[test]
    fn ids_sort_by_time_of_creation() {
        let older = WorkspaceId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000));
        let newer = WorkspaceId::from_uuid(uuid::Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000));
        assert!(older.to_string() < newer.to_string());
    }
}
