//! One thing that is wrong, and where.

use std::fmt;

/// Where in the request a violation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// In the body; the pointer is into it.
    Body,
    /// In the query string; the pointer names the parameter.
    Query,
    /// In the path; the pointer names the parameter.
    Path,
    /// In a header; the pointer names it.
    Header,
}

impl Part {
    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Path => "path",
            Self::Header => "header",
        }
    }
}

/// A JSON pointer (RFC 6901) that grows and shrinks while a value is walked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The pointer to one member of the root.
    pub fn to(member: &str) -> Self {
        Self::default().member(member)
    }

    /// The pointer to a member of this.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    /// The same pointer, from the root of what this is a part of.
    #[must_use]
    pub fn below(&self, parent: &Self) -> Self {
        Self(format!("{}{}", parent.0, self.0))
    }

    /// The pointer to an element of this.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where to look.
    pub part: Part,
    /// Where exactly.
    pub pointer: Pointer,
    /// The reason, stable: `required`, `unknown_field`, `too_long` and so on, or a code of the rule that was broken.
    pub code: &'static str,
    /// The reason in words. It never repeats the value.
    pub detail: String,
}

impl Violation {
    /// A violation in the body.
    pub fn body(pointer: Pointer, code: &'static str, detail: impl Into<String>) -> Self {
        Self { part: Part::Body, pointer, code, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_tilde_and_slash() {
        assert_eq!(Pointer::to("a/b").member("c~d").element(3).to_string(), "/a~1b/c~0d/3");
    }
}
