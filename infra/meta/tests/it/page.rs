//! Facebook Pages.

use chrono::TimeDelta;
use publishing::{
    platform::Platform,
    publisher::{ClaimLost, Finding, PrepareError, Published, Publisher, Readiness},
    refusal::{PlatformCode, Reason, Remedy},
};
use url::Url;

use crate::{
    script::{Script, error, ok},
    stage::{Pages, handles, meta, now, work},
};

#[tokio::test]
async fn text_and_links_need_no_preparation() {
    let script = Script::new([ok(r#"{"id":"104_7"}"#)]).await;
    let (meta, mut work) = (meta(script.address), work(Platform::Facebook, 0));
    work.link = Some(Url::parse("https://shop.example/a?b=c&d").unwrap());
    let handles = meta.prepare(&work, &Pages::default()).await.unwrap();
    assert!(handles.is_empty() && script.requests().is_empty());
    assert_eq!(meta.check(&work).await, Ok(Readiness::Ready));
    assert!(matches!(meta.publish(&work).await, Published::Live(live) if live.id == "104_7"));
    let request = script.only();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v25.0/104/feed"));
    assert_eq!(request.form["message"], work.caption);
    assert_eq!(request.form["link"], "https://shop.example/a?b=c&d");
    assert_eq!(request.form.len(), 2, "no fields are read back");
}

#[tokio::test]
async fn pictures_are_staged_one_by_one_and_each_id_is_saved_before_the_next() {
    let script = Script::new([ok(r#"{"id":"1"}"#), ok(r#"{"id":2}"#), ok(r#"{"id":"104_7"}"#)]).await;
    let (meta, mut work, notebook) = (meta(script.address), work(Platform::Facebook, 2), Pages::default());
    work.handles = meta.prepare(&work, &notebook).await.unwrap();
    let saved: Vec<_> = notebook.saved.lock().unwrap().iter().map(|h| h.parts.clone()).collect();
    assert_eq!(saved, [vec!["1".to_owned()], vec!["1".to_owned(), "2".to_owned()]]);
    assert_eq!(work.handles.since, Some(now()));
    assert!(matches!(meta.publish(&work).await, Published::Live(_)));
    let requests = script.requests();
    assert_eq!(requests[0].form["published"], "false");
    assert_eq!(requests[0].form["url"], "https://media.example/0?sig=a%2Bb&e=1");
    assert_eq!(requests[0].form["alt_text_custom"], "a loaf");
    assert!(!requests[1].form.contains_key("alt_text_custom"));
    assert_eq!(requests[2].form["attached_media"], r#"[{"media_fbid":"1"},{"media_fbid":"2"}]"#);
}

#[tokio::test]
async fn staging_goes_on_where_it_stopped() {
    let script = Script::new([ok(r#"{"id":"2"}"#)]).await;
    let (meta, mut work) = (meta(script.address), work(Platform::Facebook, 2));
    work.handles = handles(&["1"], None);
    let prepared = meta.prepare(&work, &Pages::default()).await.unwrap();
    assert_eq!(prepared.parts, ["1", "2"]);
    assert_eq!(prepared.since, work.handles.since, "the oldest photo counts");
}

#[tokio::test]
async fn staged_photos_are_made_anew_before_meta_drops_them() {
    let script = Script::new([ok(r#"{"id":"5"}"#)]).await;
    let (meta, mut work) = (meta(script.address), work(Platform::Facebook, 1));
    work.handles = handles(&["1"], None);
    work.handles.since = Some(now() - TimeDelta::minutes(23 * 60 + 1));
    assert_eq!(meta.check(&work).await.unwrap_err().remedy, Remedy::PrepareAgain);
    let prepared = meta.prepare(&work, &Pages::default()).await.unwrap();
    assert_eq!((prepared.parts, prepared.since), (vec!["5".to_owned()], Some(now())));
}

#[tokio::test]
async fn a_lost_claim_stops_the_staging() {
    let script = Script::new([ok(r#"{"id":"1"}"#)]).await;
    let notebook = Pages { room: 0, ..Pages::default() };
    let outcome = meta(script.address).prepare(&work(Platform::Facebook, 2), &notebook).await;
    assert_eq!(outcome, Err(PrepareError::ClaimLost(ClaimLost)));
    script.only();
}

#[tokio::test]
async fn a_photo_post_is_not_sent_without_its_photos() {
    let script = Script::new([]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 2)).await;
    assert!(matches!(published, Published::Refused(r) if r.remedy == Remedy::PrepareAgain));
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn a_link_beside_pictures_is_refused_rather_than_dropped() {
    let script = Script::new([]).await;
    let mut work = work(Platform::Facebook, 1);
    work.link = Some(Url::parse("https://shop.example/").unwrap());
    let outcome = meta(script.address).prepare(&work, &Pages::default()).await;
    assert!(matches!(outcome, Err(PrepareError::Refused(r)) if r.reason == Reason::LinkRejected));
}

const TEXT: &str = "Fresh & warm: 50 % off, ünïcode";

fn post(id: &str, message: &str, time: &str, app: &str, attachments: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    format!(
        r#"{{"id":"{id}","message":{message},"created_time":"2026-11-22T{time}+0000","application":{app},
            "permalink_url":"https://www.facebook.com/{id}","attachments":{{"data":[{attachments}]}}}}"#
    )
}

fn list(posts: &[String]) -> String {
    format!(r#"{{"data":[{}],"paging":{{"cursors":{{"after":"c"}}}}}}"#, posts.join(","))
}

const OURS: &str = r#"{"id":"4242"}"#;

async fn finding(work: &publishing::publisher::Work, posts: &[String]) -> Finding {
    let script = Script::new([ok(list(posts))]).await;
    let finding = meta(script.address).find_published(work).await;
    let request = script.only();
    assert_eq!(request.path, "/v25.0/104/published_posts");
    assert_eq!(request.query["since"], (now() - TimeDelta::hours(1)).timestamp().to_string());
    finding
}

fn is_live(finding: &Finding, id: &str) -> bool {
    matches!(finding, Finding::Live(live) if live.id == id && live.permalink.is_some())
}

#[tokio::test]
async fn our_text_is_recognised_among_others() {
    let work = work(Platform::Facebook, 0);
    let found = finding(
        &work,
        &[
            post("104_1", "something else", "10:00:01", OURS, ""),
            post("104_2", TEXT, "10:00:01", r#"{"id":"1"}"#, ""),
            post("104_3", TEXT, "09:58:59", OURS, ""),
            post("104_4", TEXT, "09:59:30", OURS, ""),
        ],
    )
    .await;
    assert!(is_live(&found, "104_4"), "{found:?}");
}

#[tokio::test]
async fn a_post_that_fits_but_for_its_time_is_neither_ours_nor_an_absence() {
    let work = work(Platform::Facebook, 0);
    for (time, fits) in [("09:59:00", true), ("09:58:59", false), ("09:00:00", false)] {
        let found = finding(&work, &[post("104_1", TEXT, time, OURS, "")]).await;
        let expected = if fits { is_live(&found, "104_1") } else { matches!(found, Finding::CannotTell(_)) };
        assert!(expected, "{time}: {found:?}");
    }
    let found = finding(&work, &[post("104_1", TEXT, "08:59:59", OURS, "")]).await;
    assert_eq!(found, Finding::NotLive { definite: false }, "no clock is that wrong");
}

const REWRITTEN: &str = "Fresh & warm: 50 % off, u\u{308}nïcode";

#[tokio::test]
async fn a_rewritten_text_of_our_app_since_the_permit_proves_no_absence() {
    let work = work(Platform::Facebook, 0);
    for time in ["09:59:59", "10:00:00", "10:00:07"] {
        let found = finding(&work, &[post("104_1", REWRITTEN, time, OURS, "")]).await;
        assert_eq!(found, Finding::CannotTell(PlatformCode::default()), "{time}");
    }
    let exact = [
        post("104_1", REWRITTEN, "10:00:01", OURS, ""),
        post("104_2", TEXT, "10:00:02", OURS, ""),
        post("104_3", "", "10:00:03", OURS, ""),
    ];
    assert!(is_live(&finding(&work, &exact).await, "104_2"), "what fits exactly decides");
}

#[tokio::test]
async fn other_texts_before_the_permit_or_of_other_apps_are_not_ours() {
    let work = work(Platform::Facebook, 0);
    let others = [
        post("104_1", REWRITTEN, "09:58:59", OURS, ""),
        post("104_2", REWRITTEN, "10:00:01", r#"{"id":"1"}"#, ""),
        post("104_3", REWRITTEN, "10:00:01", "null", ""),
        post("104_4", TEXT, "10:00:01", r#"{"id":"1"}"#, ""),
    ];
    assert_eq!(finding(&work, &others).await, Finding::NotLive { definite: false });
}

#[tokio::test]
async fn a_busy_channel_whose_posts_are_all_known_proves_an_absence() {
    let mut work = work(Platform::Facebook, 0);
    let posts: Vec<_> = (0..20)
        .map(|n| post(&format!("104_{n}"), &format!("offer {n}"), &format!("10:00:{n:02}"), OURS, ""))
        .collect();
    work.taken = (0..20).map(|n| format!("104_{n}")).collect();
    assert_eq!(finding(&work, &posts).await, Finding::NotLive { definite: false });
    work.taken.pop();
    assert_eq!(finding(&work, &posts).await, Finding::CannotTell(PlatformCode::default()));
}

#[tokio::test]
async fn a_post_whose_id_is_none_is_not_taken_for_ours() {
    for id in ["12\\u0000", &"1".repeat(3 << 10)] {
        let script = Script::new([ok(format!(r#"{{"id":"{id}"}}"#))]).await;
        let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
        let expected = PlatformCode { status: Some(200), ..PlatformCode::default() };
        assert_eq!(published, Published::Unclear(expected));
        let found = finding(&work(Platform::Facebook, 0), &[post(id, TEXT, "10:00:01", OURS, "")]).await;
        assert_eq!(found, Finding::CannotTell(PlatformCode::default()));
    }
}

#[tokio::test]
async fn a_staged_photo_whose_id_is_none_is_staged_again_later() {
    for id in ["12\\u0000", &"1".repeat(3 << 10)] {
        let script = Script::new([ok(format!(r#"{{"id":"{id}"}}"#))]).await;
        let notebook = Pages::default();
        let outcome = meta(script.address).prepare(&work(Platform::Facebook, 1), &notebook).await;
        let Err(PrepareError::Refused(refusal)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((refusal.reason, refusal.remedy), (Reason::PlatformUnavailable, Remedy::Retry));
        assert!(notebook.saved.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn absence_from_the_list_is_not_definite() {
    assert_eq!(finding(&work(Platform::Facebook, 0), &[]).await, Finding::NotLive { definite: false });
}

#[tokio::test]
async fn two_posts_that_fit_decide_nothing_unless_one_is_taken() {
    let mut work = work(Platform::Facebook, 0);
    let posts = [post("104_1", TEXT, "10:00:01", OURS, ""), post("104_2", TEXT, "10:00:02", OURS, "")];
    assert_eq!(finding(&work, &posts).await, Finding::CannotTell(PlatformCode::default()));
    work.taken = vec!["104_1".to_owned()];
    assert!(is_live(&finding(&work, &posts).await, "104_2"));
    work.taken.push("104_2".to_owned());
    assert_eq!(finding(&work, &posts).await, Finding::NotLive { definite: false });
}

#[tokio::test]
async fn a_post_that_does_not_say_which_app_made_it_is_no_proof_of_absence() {
    let work = work(Platform::Facebook, 0);
    let posts = [post("104_1", TEXT, "10:00:01", "null", "")];
    assert_eq!(finding(&work, &posts).await, Finding::CannotTell(PlatformCode::default()));
}

#[tokio::test]
async fn a_link_must_fit_in_either_of_its_spellings() {
    let mut work = work(Platform::Facebook, 0);
    work.link = Some(Url::parse("https://shop.example/a?b=c").unwrap());
    for (attachment, fits) in [
        (r#"{"unshimmed_url":"https://shop.example/a?b=c"}"#, true),
        (r#"{"url":"https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2Fa%3Fb%3Dc&h=x"}"#, true),
        (r#"{"url":"https://elsewhere.example/"}"#, false),
        ("", false),
    ] {
        let found = finding(&work, &[post("104_1", TEXT, "10:00:01", OURS, attachment)]).await;
        let expected = if fits { is_live(&found, "104_1") } else { matches!(found, Finding::CannotTell(_)) };
        assert!(expected, "{attachment}: {found:?}");
    }
}

#[tokio::test]
async fn staged_photos_prove_the_post_whatever_became_of_its_text() {
    let mut work = work(Platform::Facebook, 2);
    work.handles = handles(&["1", "2"], None);
    let nested =
        r#"{"target":{"id":"77"},"subattachments":{"data":[{"target":{"id":"1"}},{"target":{"id":2}}]}}"#;
    let found = finding(&work, &[post("104_1", "edited since", "10:00:01", OURS, nested)]).await;
    assert!(is_live(&found, "104_1"), "{found:?}");
    let other = r#"{"subattachments":{"data":[{"target":{"id":"1"}},{"target":{"id":"3"}}]}}"#;
    let found = finding(&work, &[post("104_1", TEXT, "10:00:01", OURS, other)]).await;
    assert_eq!(found, Finding::CannotTell(PlatformCode::default()), "the same text with other photos");
    let found = finding(&work, &[post("104_1", TEXT, "09:30:00", OURS, nested)]).await;
    assert!(is_live(&found, "104_1"), "whatever the clocks say: {found:?}");
    let found = finding(&work, &[post("104_1", "other", "09:30:00", OURS, other)]).await;
    assert_eq!(found, Finding::NotLive { definite: false });
}

#[tokio::test]
async fn the_list_is_read_to_its_end_without_following_addresses() {
    let first =
        r#"{"data":[],"paging":{"cursors":{"after":"abc"},"next":"http://127.0.0.1:1/?access_token=x"}}"#;
    let script = Script::new([ok(first), ok(list(&[post("104_1", TEXT, "10:00:01", OURS, "")]))]).await;
    let found = meta(script.address).find_published(&work(Platform::Facebook, 0)).await;
    assert!(is_live(&found, "104_1"));
    assert_eq!(script.requests()[1].query["after"], "abc");
    let endless = vec![ok(first); 40];
    let script = Script::new(endless).await;
    let found = meta(script.address).find_published(&work(Platform::Facebook, 0)).await;
    assert!(matches!(found, Finding::CannotTell(_)), "a list without an end proves no absence");
    assert!(script.requests().len() <= 20);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    for body in ["", "{}", r#"{"data":null}"#, r#"{"data":[{"id":"104_1","mess"#, "<html>"] {
        let script = Script::new([ok(body)]).await;
        let found = meta(script.address).find_published(&work(Platform::Facebook, 0)).await;
        assert!(matches!(found, Finding::CannotTell(_)), "{body}");
    }
}

#[tokio::test]
async fn nothing_is_found_without_a_time_to_begin_at() {
    let script = Script::new([]).await;
    let mut work = work(Platform::Facebook, 0);
    work.permitted_at = None;
    assert!(matches!(meta(script.address).find_published(&work).await, Finding::CannotTell(_)));
}

#[tokio::test]
async fn permalinks_are_read_afterwards() {
    let script = Script::new([
        ok(r#"{"permalink_url":"https://www.facebook.com/x/posts/7","id":"104_7"}"#),
        ok(r#"{"permalink_url":"javascript:alert(1)","id":"104_7"}"#),
        error(400, 100, Some(33)),
    ])
    .await;
    let (meta, work) = (meta(script.address), work(Platform::Facebook, 0));
    let link = meta.permalink(&work, "104_7").await.unwrap();
    assert_eq!(link.unwrap().as_str(), "https://www.facebook.com/x/posts/7");
    assert_eq!(meta.permalink(&work, "104_7").await, Ok(None));
    assert_eq!(meta.permalink(&work, "104_7").await.unwrap_err().remedy, Remedy::Retry, "seconds old");
}
