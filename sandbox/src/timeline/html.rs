//! Small pieces of HTML.

use crate::world::{Id, World};

/// Text as it may stand in HTML, attribute values included.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The first letters of the first two words.
pub(crate) fn initials(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let letters: String = words.take(2).filter_map(|word| word.chars().next()).collect();
    letters.to_uppercase()
}

/// A page with the common head.
pub(crate) fn frame(title: &str, body: &str) -> String {
    const STYLE: &str = include_str!("style.css");
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\
         <body>{body}</body></html>",
        escape(title)
    )
}

/// The name of a person, Page or account.
pub(crate) fn name_of(world: &World, id: Id) -> Option<String> {
    let page = world.pages.get(&id).map(|it| it.name.clone());
    let account = || world.accounts.get(&id).map(|it| it.username.clone());
    let person = || world.people.get(&id).map(|it| it.name.clone());
    page.or_else(account).or_else(person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_posted_becomes_markup() {
        assert_eq!(escape(r#"<a href="x" id='y'>&"#), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
    }

    #[test]
    fn initials_are_the_first_letters_of_two_words() {
        assert_eq!(["Harbour Coffee", "harbour.coffee", "été", ""].map(initials), ["HC", "HC", "É", ""]);
    }
}
