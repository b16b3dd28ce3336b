//! One request, once: nothing that was written is ever written again.

use std::time::Duration;

use publishing::{
    platform::Platform,
    publisher::{Published, Publisher},
    refusal::{PlatformCode, Reason, Remedy},
};
use tokio::net::TcpListener;

use crate::{
    script::{Reply, Script, answer, error, ok},
    stage::{PROOF, TOKEN, impatient, meta, work},
};

const NO_CODE: PlatformCode = PlatformCode { status: None, code: None, subcode: None };

fn status(status: u16) -> PlatformCode {
    PlatformCode { status: Some(status), ..NO_CODE }
}

#[tokio::test]
async fn the_token_travels_in_a_header_and_its_proof_in_the_address() {
    let script = Script::new([ok(r#"{"id":"104_7"}"#)]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(matches!(published, Published::Live(live) if live.id == "104_7"));
    let request = script.only();
    assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(request.query["appsecret_proof"], PROOF);
    assert!(!request.target.contains(TOKEN));
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_request_whose_bytes_were_written_is_not_sent_again_on_another_connection() {
    let script = Script::new([ok(r#"{"id":"104_1"}"#), Reply::HangUp, ok(r#"{"id":"104_3"}"#)]).await;
    let (meta, work) = (meta(script.address), work(Platform::Facebook, 0));
    assert!(matches!(meta.publish(&work).await, Published::Live(_)));
    assert_eq!(meta.publish(&work).await, Published::Unclear(NO_CODE));
    let requests = script.requests();
    assert_eq!(requests.len(), 2, "the second was sent once");
    assert_eq!(requests[0].connection, requests[1].connection, "and on the pooled connection");
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_makes_no_second_request() {
    for _ in 0..50 {
        let script =
            Script::new([Reply::AnswerThenClose(r#"{"id":"104_1"}"#), ok(r#"{"id":"104_2"}"#)]).await;
        let (meta, work) = (meta(script.address), work(Platform::Facebook, 0));
        assert!(matches!(meta.publish(&work).await, Published::Live(_)));
        let second = meta.publish(&work).await;
        let arrived = script.requests().len();
        match second {
            Published::Live(live) => assert_eq!((live.id.as_str(), arrived), ("104_2", 2)),
            Published::Unclear(_) => assert!(arrived <= 2),
            Published::Refused(refusal) | Published::Doubtful(refusal) => panic!("{refusal:?}"),
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let script = Script::new([answer(307, "Location: /v25.0/104/feed\r\n", "")]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert_eq!(published, Published::Unclear(status(307)));
    script.only();
}

#[tokio::test]
async fn answers_that_say_nothing_are_unclear() {
    let cases = [
        (answer(502, "", "<html><body>Bad gateway</body></html>"), status(502)),
        (answer(400, "", "<html>Sorry</html>"), status(400)),
        (answer(503, "Retry-After: 1\r\n", ""), status(503)),
        (ok(""), status(200)),
        (ok(r#"{"id":"104_"#), status(200)),
        (ok("[]"), status(200)),
        (ok("{}"), status(200)),
        (ok(r#"{"id":""}"#), status(200)),
        (ok(r#"{"id":null,"success":true}"#), status(200)),
        (Reply::Half(r#"{"id":"104_1"}"#), status(200)),
        (Reply::HangUp, NO_CODE),
        (ok(format!(r#"{{"id":"1","pad":"{}"}}"#, "x".repeat(5 << 20))), status(200)),
    ];
    for (reply, code) in cases {
        let script = Script::new([reply]).await;
        let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
        assert_eq!(published, Published::Unclear(code));
        script.only();
    }
}

#[tokio::test]
async fn silence_is_unclear_for_the_irreversible_call_and_asked_again_for_others() {
    let script = Script::new([Reply::Silence, Reply::Silence]).await;
    let (meta, work) = (impatient(script.address), work(Platform::Facebook, 0));
    assert_eq!(meta.publish(&work).await, Published::Unclear(NO_CODE));
    assert_eq!(meta.permalink(&work, "104_1").await.unwrap_err().remedy, Remedy::Retry);
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_server_error_is_unclear_even_with_a_code_that_means_a_refusal() {
    let script = Script::new([error(500, 190, Some(460))]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    let code = PlatformCode { status: Some(500), code: Some(190), subcode: Some(460) };
    assert_eq!(published, Published::Unclear(code));
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_a_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let Published::Refused(refusal) = meta(address).publish(&work(Platform::Facebook, 0)).await else {
        panic!("nothing was sent")
    };
    assert_eq!((refusal.reason, refusal.remedy), (Reason::PlatformUnavailable, Remedy::Retry));
}

#[tokio::test]
async fn an_answer_with_an_error_and_status_200_is_an_error() {
    let script = Script::new([error(200, 190, None)]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(matches!(published, Published::Refused(r) if r.remedy == Remedy::Reconnect));
}

#[tokio::test]
async fn a_token_that_is_no_header_is_refused_without_a_request() {
    let script = Script::new([]).await;
    let mut work = work(Platform::Facebook, 0);
    work.token = "line\nbreak".into();
    let published = meta(script.address).publish(&work).await;
    assert!(matches!(published, Published::Refused(r) if r.reason == Reason::Unauthorized));
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn ids_cannot_lead_a_call_elsewhere() {
    let script = Script::new([ok(r#"{"id":"1"}"#)]).await;
    let mut work = work(Platform::Facebook, 0);
    work.remote_channel = "../me?x=/y#z".to_owned();
    meta(script.address).publish(&work).await;
    assert_eq!(script.only().path, "/v25.0/..%2Fme%3Fx=%2Fy%23z/feed");
}

const APP_FULL: &str = "X-App-Usage: {\"call_count\":100,\"total_time\":1,\"total_cputime\":1}\r\n";
const ACCOUNT_FULL: &str = "X-Business-Use-Case-Usage: {\"104\":[{\"type\":\"pages\",\"call_count\":100,\"estimated_time_to_regain_access\":19}]}\r\n";

#[tokio::test]
async fn a_full_account_is_not_called_until_the_named_time_and_others_are() {
    let script = Script::new([answer(200, ACCOUNT_FULL, r#"{"id":"104_1"}"#), ok(r#"{"id":"105_1"}"#)]).await;
    let (meta, mut work) = (meta(script.address), work(Platform::Facebook, 0));
    assert!(matches!(meta.publish(&work).await, Published::Live(_)), "the answer itself counts");
    let Published::Refused(refusal) = meta.publish(&work).await else { panic!("paused") };
    assert_eq!(refusal.reason, Reason::RateLimited);
    let Remedy::Wait(wait) = refusal.remedy else { panic!("{refusal:?}") };
    assert!(wait > Duration::from_mins(18) && wait <= Duration::from_mins(19), "{wait:?}");
    work.remote_channel = "105".to_owned();
    assert!(matches!(meta.publish(&work).await, Published::Live(_)));
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_full_app_stops_everybody() {
    let script = Script::new([answer(200, APP_FULL, r#"{"id":"104_1"}"#)]).await;
    let (meta, mut work) = (meta(script.address), work(Platform::Facebook, 0));
    meta.publish(&work).await;
    work.remote_channel = "105".to_owned();
    assert!(matches!(meta.publish(&work).await, Published::Refused(r) if r.reason == Reason::RateLimited));
    script.only();
}

#[tokio::test]
async fn a_limit_is_waited_for_as_long_as_its_header_says() {
    let body = r#"{"error":{"message":"m","type":"OAuthException","code":80001,"fbtrace_id":"A"}}"#;
    let script = Script::new([answer(400, ACCOUNT_FULL, body)]).await;
    let Published::Refused(refusal) = meta(script.address).publish(&work(Platform::Facebook, 0)).await else {
        panic!("a limit is a definite refusal")
    };
    let Remedy::Wait(wait) = refusal.remedy else { panic!("{refusal:?}") };
    assert!(wait > Duration::from_mins(18), "{wait:?}");
}

#[tokio::test]
async fn hundreds_at_once_are_each_sent_once_and_get_their_own_answer() {
    let replies = (0..300).map(|n| ok(format!(r#"{{"id":"104_{n}"}}"#)));
    let script = Script::new(replies).await;
    let (meta, work) = (meta(script.address), work(Platform::Facebook, 0));
    let outcomes = futures::future::join_all((0..300).map(|_| meta.publish(&work))).await;
    let mut ids: Vec<_> = outcomes
        .into_iter()
        .map(|published| match published {
            Published::Live(live) => live.id,
            other => panic!("{other:?}"),
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), script.requests().len()), (300, 300));
}
