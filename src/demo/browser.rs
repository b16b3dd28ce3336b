//! The person in front of the login dialog: reads it, agrees, and copies the code that the last page shows.

use reqwest::{Response, header::LOCATION};

use super::{client::http, trouble::Trouble};

/// Agrees to everything that is asked for, and gives the completion code.
pub(super) async fn agree(authorize_url: &str, person: &str) -> Result<String, Trouble> {
    let browser = http()?;
    let unanswered = |error| Trouble::unanswered("the login dialog", error);
    let dialog = browser.get(authorize_url).send().await.map_err(unanswered)?;
    if !dialog.status().is_success() {
        return Err(Trouble::Login("the dialog cannot be opened"));
    }
    let answer = [("person", person), ("decision", "continue")];
    let agreed = browser.post(authorize_url).form(&answer).send().await.map_err(unanswered)?;
    let back = location(&agreed).ok_or(Trouble::Login("the dialog does not lead back"))?;
    let last = browser.get(back).send().await.map_err(unanswered)?.text().await.map_err(unanswered)?;
    code(&last).ok_or(Trouble::Login("the last page shows no code"))
}

fn location(answer: &Response) -> Option<String> {
    answer.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)
}

fn code(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<code>")?;
    rest.split_once("</code>").map(|(code, _)| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_what_stands_between_its_marks() {
        assert_eq!(code("<p><code>abc-1</code></p>").as_deref(), Some("abc-1"));
        assert_eq!(code("<p>Nothing was connected</p>"), None);
    }
}
