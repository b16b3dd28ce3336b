//! Short texts that people choose: names.

use crate::refusal::Violation;

/// The longest name, in characters; the database checks the same.
const LONGEST_NAME: usize = 200;

/// Trims a name and checks that it is 1 to 200 characters without control characters.
pub fn name(field: &'static str, text: &str) -> Result<String, Violation> {
    let text = text.trim();
    if text.is_empty() {
        Err(Violation::new(field, "empty", "must not be empty"))
    } else if text.chars().count() > LONGEST_NAME {
        Err(Violation::new(field, "too_long", format!("must have at most {LONGEST_NAME} characters")))
    } else if text.chars().any(char::is_control) {
        Err(Violation::new(field, "control_character", "must not contain control characters"))
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_bounded_and_printable() {
        assert_eq!(name("name", "  Ada "), Ok("Ada".to_owned()));
        let code = |text: &str| name("name", text).unwrap_err().code;
        assert_eq!(code(" \t"), "empty");
        assert_eq!(code("a\0b"), "control_character");
        assert!(name("name", &"ü".repeat(200)).is_ok());
        assert_eq!(code(&"ü".repeat(201)), "too_long");
    }
}
