//! Instagram professional accounts.

use chrono::TimeDelta;
use publishing::{
    platform::Platform,
    publisher::{Finding, Handles, PrepareError, Published, Publisher, Readiness, Work},
    refusal::{PlatformCode, Reason, Remedy},
};

use crate::{
    script::{Reply, Script, error, ok},
    stage::{Pages, handles, meta, now, work},
};

fn prepared(parts: &[&str]) -> Work {
    Work { handles: handles(parts, Some("900")), ..work(Platform::Instagram, parts.len().max(1)) }
}

#[tokio::test]
async fn a_picture_becomes_a_container_that_is_published_by_one_call() {
    let script = Script::new([ok(r#"{"id":"900"}"#), ok(r#"{"id":"17"}"#)]).await;
    let (meta, mut work, notebook) = (meta(script.address), work(Platform::Instagram, 1), Pages::default());
    work.handles = meta.prepare(&work, &notebook).await.unwrap();
    let expected = Handles { container: Some("900".to_owned()), since: Some(now()), parts: Vec::new() };
    assert_eq!(work.handles, expected);
    assert_eq!(*notebook.saved.lock().unwrap(), [expected]);
    assert!(matches!(meta.publish(&work).await, Published::Live(live) if live.id == "17"));
    let requests = script.requests();
    assert_eq!(script.paths(), ["POST /v25.0/104/media", "POST /v25.0/104/media_publish"]);
    assert_eq!(requests[0].form["caption"], work.caption);
    assert_eq!(requests[0].form["alt_text"], "a loaf");
    assert_eq!(requests[0].form["image_url"], work.pictures[0].url.as_str());
    assert_eq!(requests[1].form["creation_id"], "900");
}

#[tokio::test]
async fn a_carousel_saves_each_child_before_the_next_and_then_its_parent() {
    let script = Script::new([ok(r#"{"id":"1"}"#), ok(r#"{"id":"2"}"#), ok(r#"{"id":"900"}"#)]).await;
    let notebook = Pages::default();
    meta(script.address).prepare(&work(Platform::Instagram, 2), &notebook).await.unwrap();
    let saved: Vec<_> =
        notebook.saved.lock().unwrap().iter().map(|h| (h.parts.len(), h.container.clone())).collect();
    assert_eq!(saved, [(1, None), (2, None), (2, Some("900".to_owned()))]);
    let requests = script.requests();
    assert_eq!(requests[0].form["is_carousel_item"], "true");
    assert!(!requests[0].form.contains_key("caption"), "children have none");
    assert_eq!(requests[2].form["media_type"], "CAROUSEL");
    assert_eq!(requests[2].form["children"], "1,2");
    assert_eq!(requests[2].form["caption"], work(Platform::Instagram, 2).caption);
}

#[tokio::test]
async fn a_carousel_goes_on_where_it_stopped() {
    let script = Script::new([ok(r#"{"id":"2"}"#), ok(r#"{"id":"900"}"#)]).await;
    let mut work = work(Platform::Instagram, 2);
    work.handles = handles(&["1"], None);
    let prepared = meta(script.address).prepare(&work, &Pages::default()).await.unwrap();
    assert_eq!(
        (prepared.parts.as_slice(), prepared.container.as_deref()),
        (&["1".to_owned(), "2".to_owned()][..], Some("900"))
    );
}

#[tokio::test]
async fn a_container_that_is_still_good_is_kept() {
    for status in [r#"{"status_code":"FINISHED"}"#, r#"{"status_code":"IN_PROGRESS"}"#] {
        let script = Script::new([ok(status)]).await;
        let work = prepared(&[]);
        assert_eq!(meta(script.address).prepare(&work, &Pages::default()).await.unwrap(), work.handles);
        script.only();
    }
}

#[tokio::test]
async fn a_container_that_failed_expired_or_aged_is_built_anew_with_its_children() {
    let aged = Some(now() - TimeDelta::minutes(23 * 60 + 1));
    for (status, since) in [
        (ok(r#"{"status_code":"EXPIRED"}"#), None),
        (ok(r#"{"status_code":"ERROR"}"#), None),
        (error(400, 100, Some(33)), None),
        (ok(r#"{"status_code":"FINISHED"}"#), aged),
    ] {
        let script =
            Script::new([status, ok(r#"{"id":"3"}"#), ok(r#"{"id":"4"}"#), ok(r#"{"id":"901"}"#)]).await;
        let mut work = prepared(&["1", "2"]);
        work.handles.since = since.or(work.handles.since);
        let anew = meta(script.address).prepare(&work, &Pages::default()).await.unwrap();
        assert_eq!(anew.parts, ["3", "4"]);
        assert_eq!((anew.container.as_deref(), anew.since), (Some("901"), Some(now())));
    }
}

#[tokio::test]
async fn a_container_that_is_already_public_is_never_built_again() {
    let script = Script::new(vec![ok(r#"{"status_code":"PUBLISHED"}"#); 2]).await;
    let (meta, mut work) = (meta(script.address), prepared(&[]));
    let outcome = meta.prepare(&work, &Pages::default()).await;
    assert!(matches!(outcome, Err(PrepareError::Refused(r)) if r.reason == Reason::Duplicate));
    work.handles.since = Some(now());
    assert_eq!(meta.check(&work).await.unwrap_err().reason, Reason::Duplicate);
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn children_that_went_missing_are_forgotten() {
    let script = Script::new([error(400, 24, Some(2_207_008))]).await;
    let mut work = work(Platform::Instagram, 2);
    work.handles = handles(&["1", "2"], None);
    let notebook = Pages::default();
    let outcome = meta(script.address).prepare(&work, &notebook).await;
    assert!(matches!(outcome, Err(PrepareError::Refused(r)) if r.remedy == Remedy::PrepareAgain));
    assert_eq!(*notebook.saved.lock().unwrap(), [Handles::default()]);
}

#[tokio::test]
async fn a_picture_that_instagram_does_not_take_is_refused() {
    for (code, subcode, reason) in [
        (36_000, 2_207_004, Reason::MediaRejected),
        (36_001, 2_207_005, Reason::MediaRejected),
        (36_003, 2_207_009, Reason::MediaRejected),
        (36_004, 2_207_010, Reason::CaptionRejected),
        (9004, 2_207_052, Reason::MediaUnreachable),
    ] {
        let script = Script::new([error(400, code, Some(subcode))]).await;
        let outcome = meta(script.address).prepare(&work(Platform::Instagram, 1), &Pages::default()).await;
        assert!(matches!(outcome, Err(PrepareError::Refused(r)) if r.reason == reason), "{code}");
    }
}

async fn checked(reply: Reply) -> Result<Readiness, (Reason, Remedy)> {
    let room = r#"{"data":[{"quota_usage":2,"config":{"quota_total":50,"quota_duration":86400}}]}"#;
    let script = Script::new([reply, ok(room)]).await;
    let outcome = meta(script.address).check(&prepared(&[])).await;
    assert_eq!(script.is_exhausted(), outcome == Ok(Readiness::Ready), "the quota is asked about last");
    outcome.map_err(|refusal| (refusal.reason, refusal.remedy))
}

#[tokio::test]
async fn readiness_is_what_the_container_says() {
    let lost = Err((Reason::PreparationLost, Remedy::PrepareAgain));
    for (reply, expected) in [
        (ok(r#"{"status_code":"FINISHED","id":"900"}"#), Ok(Readiness::Ready)),
        (ok(r#"{"status_code":"IN_PROGRESS"}"#), Ok(Readiness::Processing)),
        (
            ok(r#"{"status_code":"","status":"In Progress: Media is still being processed."}"#),
            Ok(Readiness::Processing),
        ),
        (ok(r#"{"status_code":"EXPIRED"}"#), lost),
        (
            ok(
                r#"{"status_code":"ERROR","status":"Error: Media upload has failed with error code 2207053"}"#,
            ),
            lost,
        ),
        (ok(r#"{"status_code":"ERROR"}"#), lost),
        (
            ok(
                r#"{"status_code":"ERROR","status":"Error: Media upload has failed with error code 2207026"}"#,
            ),
            Err((Reason::MediaRejected, Remedy::GiveUp)),
        ),
        (
            ok(r#"{"status":"Error: Media upload has failed with error code 2207005"}"#),
            Err((Reason::MediaRejected, Remedy::GiveUp)),
        ),
        (
            ok(r#"{"status_code":"ERROR","status":"Error: Media download failed 2207052"}"#),
            Err((Reason::MediaUnreachable, Remedy::PrepareAgain)),
        ),
        (ok("{}"), Err((Reason::PlatformUnavailable, Remedy::Retry))),
        (error(400, 100, Some(33)), lost),
        (error(500, 2, None), Err((Reason::PlatformUnavailable, Remedy::Retry))),
        (error(400, 190, None), Err((Reason::Unauthorized, Remedy::Reconnect))),
    ] {
        assert_eq!(checked(reply).await, expected);
    }
}

#[tokio::test]
async fn a_young_container_that_seems_missing_is_asked_again() {
    let script = Script::new(vec![error(400, 100, Some(33)); 2]).await;
    let (meta, mut work) = (meta(script.address), prepared(&[]));
    work.handles.since = Some(now() - TimeDelta::minutes(1));
    assert_eq!(meta.check(&work).await, Ok(Readiness::Processing));
    let outcome = meta.prepare(&work, &Pages::default()).await;
    assert!(matches!(outcome, Err(PrepareError::Refused(r)) if r.remedy == Remedy::Retry));
}

async fn found(replies: impl IntoIterator<Item = Reply>, work: &Work) -> Finding {
    let script = Script::new(replies).await;
    let finding = meta(script.address).find_published(work).await;
    assert!(script.is_exhausted());
    finding
}

#[tokio::test]
async fn the_container_says_whether_it_was_published() {
    let work = prepared(&[]);
    for (status, definite) in [("FINISHED", true), ("IN_PROGRESS", false)] {
        let reply = ok(format!(r#"{{"status_code":"{status}"}}"#));
        assert_eq!(found([reply], &work).await, Finding::NotLive { definite }, "{status}");
    }
    for reply in [ok("{}"), error(500, 1, None), Reply::HangUp] {
        assert!(matches!(found([reply], &work).await, Finding::CannotTell(_)));
    }
}

/// What a container says, or no longer says, that can never be published.
fn ruins() -> [Reply; 3] {
    [ok(r#"{"status_code":"EXPIRED"}"#), ok(r#"{"status_code":"ERROR"}"#), error(400, 100, Some(33))]
}

#[tokio::test]
async fn without_a_container_that_could_be_published_the_list_decides() {
    let work = prepared(&[]);
    let before = [medium("1", "other", "09:58:59"), medium("2", TEXT, "08:59:59")];
    for ruin in ruins() {
        assert_eq!(found([ruin.clone(), media(&before)], &work).await, Finding::Gone);
        let ours = [&before[..], &[medium("3", TEXT, "10:00:02")]].concat();
        let finding = found([ruin.clone(), media(&ours)], &work).await;
        assert!(matches!(&finding, Finding::Live(live) if live.id == "3"), "{finding:?}");
        let finding = found([ruin, error(500, 2, None)], &work).await;
        assert!(matches!(finding, Finding::CannotTell(PlatformCode { code: Some(2), .. })), "{finding:?}");
    }
}

#[tokio::test]
async fn whatever_appeared_since_the_permit_may_be_ours_unless_it_is_known_or_of_another_kind() {
    let mut work = prepared(&[]);
    let gone = || error(400, 100, Some(33));
    let nobody_knows = Finding::CannotTell(PlatformCode::default());
    let undated = medium("1", TEXT, "x");
    for list in [
        vec![medium("1", "edited since", "10:00:02")],
        vec![medium("1", TEXT, "10:00:02"), medium("2", TEXT, "10:00:03")],
        vec![medium("1", TEXT, "09:30:00")],
        vec![undated],
    ] {
        assert_eq!(found([gone(), media(&list)], &work).await, nobody_knows, "{list:?}");
    }
    let list = [medium("1", "edited since", "10:00:02")];
    work.taken = vec!["1".to_owned()];
    assert_eq!(found([gone(), media(&list)], &work).await, Finding::Gone);
    work.taken.clear();
    for other in [r#""media_type":"CAROUSEL_ALBUM""#, r#""media_type":"VIDEO","media_product_type":"REELS""#]
    {
        let list =
            [format!(r#"{{"id":"1","caption":"{TEXT}","timestamp":"2026-11-22T10:00:02+0000",{other}}}"#)];
        assert_eq!(found([gone(), media(&list)], &work).await, Finding::Gone, "{other}");
    }
}

#[tokio::test]
async fn a_picture_without_words_is_like_any_other() {
    let work = Work { caption: String::new(), ..prepared(&[]) };
    let list = [medium("1", "", "10:00:02")];
    let finding = found([error(400, 100, Some(33)), media(&list)], &work).await;
    assert_eq!(finding, Finding::CannotTell(PlatformCode::default()));
    assert_eq!(found([error(400, 100, Some(33)), media(&[])], &work).await, Finding::Gone);
}

#[tokio::test]
async fn a_young_container_that_seems_missing_decides_nothing() {
    let mut work = prepared(&[]);
    work.handles.since = Some(now() - TimeDelta::minutes(9));
    let finding = found([error(400, 100, Some(33))], &work).await;
    assert!(matches!(finding, Finding::CannotTell(PlatformCode { subcode: Some(33), .. })), "{finding:?}");
}

#[tokio::test]
async fn a_list_without_an_end_does_not_prove_that_a_post_is_gone() {
    let more = r#"{"data":[],"paging":{"cursors":{"after":"a"},"next":"https://elsewhere/"}}"#;
    let replies = [vec![error(400, 100, Some(33))], vec![ok(more); 10]].concat();
    assert_eq!(found(replies, &prepared(&[])).await, Finding::CannotTell(PlatformCode::default()));
}

fn medium(id: &str, caption: &str, time: &str) -> String {
    format!(
        r#"{{"id":"{id}","caption":"{caption}","timestamp":"2026-11-22T{time}+0000","media_product_type":"FEED",
            "permalink":"https://www.instagram.com/p/{id}/"}}"#
    )
}

fn media(items: &[String]) -> Reply {
    ok(format!(r#"{{"data":[{}]}}"#, items.join(",")))
}

fn is_public() -> Reply {
    ok(r#"{"status_code":"PUBLISHED"}"#)
}

const TEXT: &str = "Fresh & warm: 50 % off, ünïcode";

#[tokio::test]
async fn the_id_of_a_published_container_is_the_unique_match() {
    let mut work = prepared(&[]);
    let others = [medium("1", "other", "10:00:01"), medium("2", TEXT, "09:00:00")];
    let one = [&others[..], &[medium("3", TEXT, "10:00:02")]].concat();
    let finding = found([is_public(), media(&one)], &work).await;
    assert!(
        matches!(&finding, Finding::Live(live) if live.id == "3" && live.permalink.is_some()),
        "{finding:?}"
    );
    let two = [&one[..], &[medium("4", TEXT, "10:00:03")]].concat();
    assert_eq!(found([is_public(), media(&two)], &work).await, Finding::LiveWithoutId);
    work.taken = vec!["3".to_owned()];
    assert!(matches!(found([is_public(), media(&two)], &work).await, Finding::Live(live) if live.id == "4"));
}

#[tokio::test]
async fn a_medium_from_before_the_permit_is_not_taken_for_ours() {
    let work = prepared(&[]);
    let early = [medium("1", TEXT, "09:58:59")];
    assert_eq!(found([is_public(), media(&early)], &work).await, Finding::LiveWithoutId);
    let both = [&early[..], &[medium("2", TEXT, "09:59:00")]].concat();
    assert!(matches!(found([is_public(), media(&both)], &work).await, Finding::Live(live) if live.id == "2"));
}

#[tokio::test]
async fn a_limit_on_either_call_of_a_look_says_when_to_look_again() {
    let work = prepared(&[]);
    for replies in [vec![error(400, 80_002, None)], vec![is_public(), error(400, 80_002, None)]] {
        let finding = found(replies, &work).await;
        assert!(
            matches!(finding, Finding::Refused(r) if r.reason == Reason::RateLimited && matches!(r.remedy, Remedy::Wait(_))),
            "{finding:?}"
        );
    }
}

#[tokio::test]
async fn a_container_whose_id_is_none_is_made_again_later() {
    let script = Script::new([ok(r#"{"id":"12\u0000"}"#)]).await;
    let notebook = Pages::default();
    let outcome = meta(script.address).prepare(&work(Platform::Instagram, 1), &notebook).await;
    assert!(matches!(outcome, Err(PrepareError::Refused(r)) if r.remedy == Remedy::Retry), "{outcome:?}");
    assert!(notebook.saved.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_published_container_is_live_even_if_the_list_does_not_show_it() {
    let work = prepared(&[]);
    assert_eq!(found([is_public(), media(&[])], &work).await, Finding::LiveWithoutId);
    assert_eq!(found([is_public(), error(500, 2, None)], &work).await, Finding::LiveWithoutId);
    assert_eq!(found([is_public(), ok("<html>")], &work).await, Finding::LiveWithoutId);
}

#[tokio::test]
async fn a_blocked_action_is_unclear() {
    let script = Script::new([error(403, 4, Some(2_207_051))]).await;
    let published = meta(script.address).publish(&prepared(&[])).await;
    assert!(matches!(published, Published::Unclear(PlatformCode { subcode: Some(2_207_051), .. })));
}

#[tokio::test]
async fn nothing_is_sent_without_a_container() {
    let script = Script::new([]).await;
    let (meta, work) = (meta(script.address), work(Platform::Instagram, 1));
    assert!(matches!(meta.publish(&work).await, Published::Refused(r) if r.remedy == Remedy::PrepareAgain));
    assert_eq!(meta.find_published(&work).await, Finding::NotLive { definite: true });
    assert!(script.requests().is_empty());
}
