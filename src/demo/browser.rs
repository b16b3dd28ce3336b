//! The person in front of the login dialog: reads it, agrees, confirms on the page after it who is to publish, and copies the
//! code that the last page shows.

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
    let asks = browser.get(&back).send().await.map_err(unanswered)?.text().await.map_err(unanswered)?;
    let nonce = between(&asks, NONCE).ok_or(Trouble::Login("the page after the dialog asks nothing"))?;
    let word = [("nonce", nonce), ("decision", "continue")];
    let confirmed = browser.post(address(&back)).form(&word).send().await.map_err(unanswered)?;
    let last = confirmed.text().await.map_err(unanswered)?;
    let code = between(&last, ("<code>", "</code>")).ok_or(Trouble::Login("the last page shows no code"))?;
    Ok(code.to_owned())
}

/// What stands around the nonce in the page that asks.
const NONCE: (&str, &str) = ("name=\"nonce\" value=\"", "\"");

/// Where the form of that page goes: to the page's own address, without its query.
fn address(page: &str) -> &str {
    page.split_once('?').map_or(page, |(address, _)| address)
}

fn location(answer: &Response) -> Option<String> {
    answer.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)
}

fn between<'a>(page: &'a str, (before, after): (&str, &str)) -> Option<&'a str> {
    let (_, rest) = page.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonce_and_code_are_what_stands_between_their_marks() {
        let marks = ("<code>", "</code>");
        assert_eq!(between("<p><code>abc-1</code></p>", marks), Some("abc-1"));
        assert_eq!(between("<p>Nothing was connected</p>", marks), None);
        assert_eq!(between("<input type=\"hidden\" name=\"nonce\" value=\"ab12\">", NONCE), Some("ab12"));
    }

    #[test]
    fn the_used_state_is_not_sent_along_with_the_form() {
        assert_eq!(address("http://[::1]:8080/v1/x?state=a&code=b?c"), "http://[::1]:8080/v1/x");
    }
}
