//! The `fields` parameter: `id,message,comments.limit(0).summary(true),attachments{media,target{id}}`.

use super::error::GraphError;

/// One wanted field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Fields inside it; empty means its default ones.
    pub(crate) inner: Vec<Field>,
}

/// How deep fields may be nested.
const DEPTH: usize = 8;

/// Reads a list of fields.
pub(crate) fn parse(text: &str) -> Result<Vec<Field>, GraphError> {
    let mut reader = Reader { rest: text.trim() };
    let fields = reader.list(DEPTH)?;
    if reader.rest.is_empty() { Ok(fields) } else { Err(syntax(reader.rest)) }
}

fn syntax(rest: &str) -> GraphError {
    let found: String = rest.chars().take(1).collect();
    GraphError::new(
        2500,
        format!("Syntax error \"Expected end of string instead of \"{found}\".\" at character 1"),
    )
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn list(&mut self, depth: usize) -> Result<Vec<Field>, GraphError> {
        if depth == 0 {
            return Err(GraphError::new(100, "(#100) Fields are nested too deeply"));
        }
        let mut fields = Vec::new();
        loop {
            if let Some(field) = self.field(depth)? {
                fields.push(field);
            }
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => return Ok(fields),
            }
        }
    }

    fn field(&mut self, depth: usize) -> Result<Option<Field>, GraphError> {
        self.rest = self.rest.trim_start();
        let name = self.word().to_owned();
        if name.is_empty() {
            return Ok(None);
        }
        let mut inner = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                self.modifier()?;
            } else if let Some(rest) = self.rest.strip_prefix('{') {
                self.rest = rest;
                inner = self.list(depth - 1)?;
                self.rest = self.rest.strip_prefix('}').ok_or_else(|| syntax(self.rest))?;
            } else {
                return Ok(Some(Field { name, inner }));
            }
        }
    }

    /// `limit(3)` and its kind are read and not acted on.
    fn modifier(&mut self) -> Result<(), GraphError> {
        self.word();
        let inside = self.rest.strip_prefix('(').ok_or_else(|| syntax(self.rest))?;
        let (_, rest) = inside.split_once(')').ok_or_else(|| syntax(self.rest))?;
        self.rest = rest;
        Ok(())
    }

    fn word(&mut self) -> &str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(fields: &[Field]) -> Vec<&str> {
        fields.iter().map(|field| field.name.as_str()).collect()
    }

    #[test]
    fn nested_fields_and_modifiers_are_understood() {
        let fields =
            parse("id, message,comments.limit(0).summary(true),a{b,c{d}},picture.type(large){url}").unwrap();
        assert_eq!(names(&fields), ["id", "message", "comments", "a", "picture"]);
        assert_eq!(names(&fields[3].inner), ["b", "c"]);
        assert_eq!(names(&fields[3].inner[1].inner), ["d"]);
        assert_eq!(names(&fields[4].inner), ["url"]);
    }

    #[test]
    fn unbalanced_braces_are_refused_and_depth_is_bounded() {
        for text in ["a{b", "a}", "a.limit", "a.limit(", "a b"] {
            assert_eq!(parse(text).unwrap_err().code, 2500, "{text}");
        }
        assert_eq!(parse(&"a{".repeat(10_000)).unwrap_err().code, 100);
    }
}
