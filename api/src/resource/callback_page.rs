//! The pages of the callback. They have no scripts, no styles and no pictures; what others chose as names is escaped.

use std::fmt::Write as _;

use poem::{
    Response,
    http::{HeaderName, HeaderValue, header},
};
use publishing::{
    connection::{Failure, OneTimeCode, Place, Question, SELECTION_LASTS},
    platform::Platform,
};
use url::Url;

use crate::problem::{self, Problem};

/// The most places a page names one by one.
const MOST_PLACES: usize = 200;

/// The kind of every page.
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Asks who is to have the channels.
pub(super) fn question(question: &Question) -> Response {
    let origin = question.return_url.as_ref().map(|url| url.origin().ascii_serialization());
    let target = origin.as_deref().map_or_else(
        || "Continuing shows a code to copy into the program you came from.".to_owned(),
        |origin| format!("Continuing takes you to <strong>{}</strong>.", escape(origin)),
    );
    let (organization, workspace) = (escape(&question.organization), escape(&question.workspace));
    // The address is relative, so that it fits behind a proxy that adds a path; without a query, so that the used `state` stays out
    // of what is sent.
    let body = format!(
        "<p>The organization <strong><bdi>{organization}</bdi></strong> will be able to publish to the following, in its \
         workspace <strong><bdi>{workspace}</bdi></strong>:</p>\
         <ul>{places}</ul>\
         <p>It chose these two names itself; nobody has checked them. Continue only if you know this organization and came \
         here from its program just now. If somebody sent you a link, or you expected another name, decline.</p>\
         <p>{target}</p>\
         <form method=\"post\" action=\"callback\"><input type=\"hidden\" name=\"nonce\" value=\"{nonce}\">\
         <p><button name=\"decision\" value=\"continue\">Continue</button> \
         <button name=\"decision\" value=\"decline\">Decline, connect nothing</button></p></form>",
        places = places(&question.places),
        nonce = question.nonce.expose(),
    );
    page("Who will publish for you", &body, &form_action(origin.as_deref()))
}

/// Shows the completion code.
pub(super) fn code(code: &OneTimeCode) -> Response {
    let body = format!(
        "<p>Copy this code to the program you came from. It works once, there only, and ends {minutes} minutes after you \
         agreed in the platform's dialog. Give it to nobody else.</p><p><code>{code}</code></p>",
        minutes = SELECTION_LASTS.num_minutes(),
        code = code.expose(),
    );
    page("One step left", &body, NO_FORM)
}

/// Says that nothing was connected, and why. Nobody is sent on; whoever wants may go.
pub(super) fn ended(failure: Failure, client: Option<&Url>) -> Response {
    let mut body = format!("<p>{}</p><p>{}</p>", escape(failure.detail()), escape(failure.fix()));
    if let Some(url) = client {
        let (address, origin) = (escape(url.as_str()), escape(&url.origin().ascii_serialization()));
        let _ = write!(body, "<p><a href=\"{address}\" rel=\"noreferrer\">Go back to {origin}</a></p>");
    }
    page("Nothing was connected", &body, NO_FORM)
}

/// A problem, for people.
pub(super) fn problem(problem: &Problem, request: &str) -> Response {
    let body = format!(
        "<p>{}</p><p><small>{} · {}</small></p>",
        escape(&problem.detail),
        problem.code.as_str(),
        escape(request)
    );
    let mut response = problem::render(problem, request);
    let page = page(problem.code.title(), &body, NO_FORM);
    response.headers_mut().extend(page.headers().clone());
    response.set_body(page.into_body());
    response
}

fn places(places: &[Place]) -> String {
    let mut list = String::new();
    for place in places.iter().take(MOST_PLACES) {
        let kind = match place.platform {
            Platform::Facebook => "Facebook Page",
            Platform::Instagram => "Instagram account",
        };
        // Where an account has no name of its own, the platform gives its handle twice.
        let handle = place.username.as_ref().filter(|handle| **handle != place.name);
        let handle = handle.map(|handle| format!(" @{}", escape(handle))).unwrap_or_default();
        let _ = write!(list, "<li><bdi>{}</bdi>{handle} ({kind})</li>", escape(&place.name));
    }
    if places.len() > MOST_PLACES {
        let _ = write!(list, "<li>and {} more</li>", places.len() - MOST_PLACES);
    }
    list
}

/// Text as text, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

/// No form of the page goes anywhere.
const NO_FORM: &str = "'none'";

/// Where the form may lead: to this deployment, and from there to the client, because some browsers hold the redirect against
/// the policy of the page with the form (Content Security Policy Level 3, section 6.4.1).
fn form_action(origin: Option<&str>) -> String {
    // A host may hold characters that end a directive; such an address is no one's that any list allows.
    let plain = |origin: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-_[]".contains(&byte);
        origin.bytes().all(is_plain)
    };
    origin.filter(plain).map_or_else(|| "'self'".to_owned(), |origin| format!("'self' {origin}"))
}

/// A page. `title` is plain text of ours, `body` is markup, `form_action` is the sources its forms may go to.
fn page(title: &str, body: &str, form_action: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
         <body><h1>{title}</h1>{body}</body></html>\n"
    );
    let mut response = Response::builder().body(html);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HTML);
    let policy =
        format!("default-src 'none'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'");
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Whoever opened this window loses hold of it, so that nobody brings the button under a second click.
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    headers.insert(opener, HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use publishing::refusal::Reason;

    use super::*;

    async fn text(response: Response) -> String {
        response.into_body().into_string().await.unwrap()
    }

    #[tokio::test]
    async fn the_sentences_of_every_failure_are_shown_without_markup_of_their_own() {
        let platform = Reason::ALL.iter().map(|reason| Failure::Platform(*reason));
        let own = [Failure::AccessDenied, Failure::Declined, Failure::NothingToConnect, Failure::Replaced];
        for failure in platform.chain(own) {
            assert!(!escape(failure.fix()).contains(['<', '>']), "{failure}");
            assert!(text(ended(failure, None)).await.contains(&escape(failure.fix())), "{failure}");
        }
    }

    #[test]
    fn nothing_that_ends_an_attribute_or_an_element_survives() {
        assert_eq!(escape("a<b>&\"'\u{0}é"), "a&lt;b&gt;&amp;&quot;&#39; é");
    }

    #[test]
    fn an_origin_joins_the_policy_only_if_it_cannot_end_a_directive() {
        assert_eq!(form_action(Some("https://app.example:8443")), "'self' https://app.example:8443");
        assert_eq!(form_action(Some("http://[::1]:80")), "'self' http://[::1]:80");
        for bad in ["https://a;script-src", "https://a,b", "https://a 'unsafe-inline'", "null'"] {
            assert_eq!(form_action(Some(bad)), "'self'", "{bad}");
        }
        assert_eq!(form_action(None), "'self'");
    }

    #[test]
    fn a_handle_stands_beside_a_name_that_is_another() {
        let named = |name: &str| {
            places(&[Place {
                platform: Platform::Instagram,
                name: name.into(),
                username: Some("harbour".into()),
            }])
        };
        assert_eq!(named("Harbour"), "<li><bdi>Harbour</bdi> @harbour (Instagram account)</li>");
        assert_eq!(named("harbour"), "<li><bdi>harbour</bdi> (Instagram account)</li>");
    }

    #[test]
    fn a_long_list_is_cut_and_says_by_how_much() {
        let place = Place { platform: Platform::Facebook, name: "A".into(), username: None };
        let list = places(&vec![place; 203]);
        assert_eq!(list.matches("<li>").count(), 201);
        assert!(list.ends_with("<li>and 3 more</li>"));
    }

    #[tokio::test]
    async fn a_page_about_a_problem_keeps_its_status_its_headers_and_its_code() {
        let lost = Problem::new(problem::Code::MethodNotAllowed, "<no>").header(header::ALLOW, "GET, POST");
        let response = problem_page(&lost);
        assert_eq!(response.status().as_u16(), 405);
        assert_eq!(response.headers()[header::ALLOW], "GET, POST");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let text = text(response).await;
        assert!(text.contains("method_not_allowed · req_1") && text.contains("&lt;no&gt;"), "{text}");
    }

    fn problem_page(lost: &Problem) -> Response {
        super::problem(lost, "req_1")
    }
}
