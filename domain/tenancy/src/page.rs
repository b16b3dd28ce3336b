//! A part of a list.

use crate::id::{StaticType, TypeSafeId};

/// Which part: so many, after this one, in order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<T: StaticType> {
    /// The last one of the part before.
    pub after: Option<TypeSafeId<T>>,
    /// How many at most.
    pub limit: u16,
}

impl<T: StaticType> Page<T> {
    /// The first part.
    pub const fn first(limit: u16) -> Self {
        Self { after: None, limit }
    }
}
