//! Permalinks that are asked for at the same moment travel together, and each gets its own answer.

use futures::future::join_all;
use publishing::{
    platform::Platform,
    publisher::{Publisher, Work},
    refusal::{Reason, Refusal, Remedy},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    log,
    rig::Rig,
    script::{Reply, Request, Script, answer, error, ok},
    stage::{impatient, meta, work},
};

/// Work on so many Pages, each with a token of its own.
fn works(count: usize) -> Vec<Work> {
    let on = |n: usize| Work {
        remote_channel: format!("10{n}"),
        token: format!("EAA-canary-{n}").into(),
        ..work(Platform::Facebook, 0)
    };
    (0..count).map(on).collect()
}

type Answers = Vec<Result<Option<Url>, Refusal>>;

/// Asks for everybody's permalink at once: work `n` published the post `10n_7`.
async fn ask(meta: &meta::Meta, works: &[Work]) -> Answers {
    let ids: Vec<_> = works.iter().map(|work| format!("{}_7", work.remote_channel)).collect();
    join_all(works.iter().zip(&ids).map(|(work, id)| meta.permalink(work, id))).await
}

fn item(code: u16, body: &Value) -> Value {
    json!({ "code": code, "headers": [{ "name": "Content-Type", "value": "text/javascript" }], "body": body.to_string() })
}

fn link(n: usize) -> Value {
    item(200, &json!({ "permalink_url": format!("https://www.facebook.com/{n}"), "id": format!("10{n}_7") }))
}

fn shown(answer: &Result<Option<Url>, Refusal>) -> &str {
    answer.as_ref().unwrap().as_ref().unwrap().as_str()
}

/// The calls in a request.
fn calls(request: &Request) -> Vec<String> {
    let batch: Vec<Value> = serde_json::from_str(&request.form["batch"]).unwrap();
    batch
        .iter()
        .map(|call| {
            format!("{} {}", call["method"].as_str().unwrap(), call["relative_url"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn who_asks_at_the_same_moment_asks_together_and_hears_its_own_answer() {
    let gone = json!({ "error": { "message": "m", "code": 100, "error_subcode": 33 } });
    let items = json!([link(0), item(400, &gone), null, link(3)]).to_string();
    let script = Script::new([ok(items), error(400, 100, Some(33))]).await;
    let answers = ask(&meta(script.address), &works(4)).await;
    assert_eq!(shown(&answers[0]), "https://www.facebook.com/0");
    assert_eq!(shown(&answers[3]), "https://www.facebook.com/3");
    for unheard in &answers[1..3] {
        assert_eq!(unheard.as_ref().unwrap_err().remedy, Remedy::Retry);
    }
    let requests = script.requests();
    assert_eq!(requests.len(), 2, "only who was refused asks again, alone");
    assert_eq!(requests[1].path, "/v25.0/101_7");
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v25.0"));
    assert_eq!(request.form["access_token"], "4242|app secret", "a batch needs a token of its own");
    assert!(!request.headers.contains_key("authorization"));
    assert!(!request.target.contains("canary"));
    let calls = calls(request);
    assert_eq!(calls.len(), 4);
    for (n, call) in calls.iter().enumerate() {
        assert!(call.starts_with(&format!("GET 10{n}_7?fields=permalink_url&appsecret_proof=")), "{call}");
        assert!(call.ends_with(&format!("&access_token=EAA-canary-{n}")), "{call}");
    }
}

#[tokio::test]
async fn a_request_holds_fifty_calls_at_most() {
    let numbers: Vec<usize> = (0..120).collect();
    let replies =
        numbers.chunks(50).map(|part| ok(part.iter().map(|n| link(*n)).collect::<Value>().to_string()));
    let script = Script::new(replies).await;
    let answers = ask(&meta(script.address), &works(120)).await;
    let mut lengths: Vec<_> = script.requests().iter().map(|request| calls(request).len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [20, 50, 50]);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Some(_)))));
}

#[tokio::test]
async fn an_answer_to_the_batch_itself_blames_nobody_and_everybody_asks_alone() {
    let alone = || ok(r#"{"permalink_url":"https://www.facebook.com/x"}"#);
    let too_short = ok(json!([link(0)]).to_string());
    for refusal in [error(400, 190, Some(460)), ok("<html>"), ok("{}"), too_short] {
        let script = Script::new([refusal, alone(), alone()]).await;
        let answers = ask(&meta(script.address), &works(2)).await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(Some(_)))), "{answers:?}");
        let paths = script.paths();
        assert_eq!(paths[0], "POST /v25.0");
        assert!(paths[1..].contains(&"GET /v25.0/100_7".to_owned()), "{paths:?}");
        assert!(paths[1..].contains(&"GET /v25.0/101_7".to_owned()), "{paths:?}");
    }
}

#[tokio::test]
async fn a_limit_of_the_app_lets_nobody_ask_alone() {
    let script = Script::new([error(400, 4, None)]).await;
    for answer in ask(&meta(script.address), &works(3)).await {
        assert_eq!(answer.unwrap_err().reason, Reason::RateLimited);
    }
    script.only();
}

#[tokio::test]
async fn a_full_account_in_a_batch_is_left_alone_and_the_others_are_not() {
    let usage =
        json!({ "100": [{ "type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19 }] });
    let mut full = link(0);
    full["headers"] = json!([
        { "name": "X-Business-Use-Case-Usage", "value": usage.to_string() },
        { "name": "\n", "value": "x" },
        { "name": null }
    ]);
    let script = Script::new([
        ok(json!([full, link(1)]).to_string()),
        ok(r#"{"permalink_url":"https://www.facebook.com/x"}"#),
    ])
    .await;
    let (meta, works) = (meta(script.address), works(2));
    assert!(ask(&meta, &works).await.iter().all(Result::is_ok));
    let again = ask(&meta, &works).await;
    assert_eq!(again[0].as_ref().unwrap_err().reason, Reason::RateLimited);
    assert!(again[1].is_ok());
}

#[tokio::test]
async fn silence_is_asked_again_later_and_not_one_by_one() {
    let script = Script::new([Reply::Silence]).await;
    for answer in ask(&impatient(script.address), &works(2)).await {
        assert_eq!(answer.unwrap_err().remedy, Remedy::Retry);
    }
    script.only();
}

#[tokio::test]
async fn a_platform_that_is_out_of_order_is_not_asked_one_by_one() {
    for reply in [error(500, 2, None), answer(503, "", "<html>"), Reply::HangUp] {
        let script = Script::new([reply]).await;
        for answer in ask(&meta(script.address), &works(3)).await {
            assert_eq!(answer.unwrap_err().remedy, Remedy::Retry);
        }
        script.only();
    }
}

#[tokio::test]
async fn who_is_refused_in_a_batch_asks_alone_unless_by_a_limit() {
    let refused = |code: i64| item(400, &json!({ "error": { "message": "m", "code": code } }));
    let alone = ok(r#"{"permalink_url":"https://www.facebook.com/alone"}"#);
    let script = Script::new([ok(json!([refused(190), refused(80001)]).to_string()), alone]).await;
    let answers = ask(&meta(script.address), &works(2)).await;
    assert_eq!(shown(&answers[0]), "https://www.facebook.com/alone");
    assert_eq!(answers[1].as_ref().unwrap_err().reason, Reason::RateLimited);
    assert_eq!(script.paths(), ["POST /v25.0", "GET /v25.0/100_7"]);
}

#[tokio::test]
async fn whoever_goes_does_not_take_the_others_along() {
    let script = Script::new([ok(json!([link(0), link(1)]).to_string())]).await;
    let (meta, works) = (meta(script.address), works(2));
    let mut first = Box::pin(meta.permalink(&works[0], "100_7"));
    assert!(futures::poll!(&mut first).is_pending(), "it opened the batch");
    let second = meta.permalink(&works[1], "101_7");
    let ((), answer) = tokio::join!(async { drop(first) }, second);
    assert_eq!(answer.unwrap().unwrap().as_str(), "https://www.facebook.com/1");
}

#[tokio::test]
async fn no_token_of_a_batch_is_logged() {
    for reply in [ok(json!([link(0), null]).to_string()), error(400, 190, None), ok("canary"), Reply::HangUp]
    {
        let script = Script::new(vec![reply; 3]).await;
        ask(&meta(script.address), &works(2)).await;
    }
    let text = log::of_this_test();
    assert!(text.contains("endpoint=\"batch\"") && text.contains("endpoint=\"permalink\""), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn the_sandbox_answers_a_batch_as_it_answers_each() {
    let rig = Rig::new().await;
    let mut published = Vec::new();
    for surface in ["text", "image"] {
        let mut work = rig.work(surface);
        rig.make_ready(&mut work).await;
        let publishing::publisher::Published::Live(live) = rig.meta.publish(&work).await else {
            panic!("{surface}")
        };
        published.push((work, live.id));
    }
    let mut alone = Vec::new();
    for (work, id) in &published {
        alone.push(rig.meta.permalink(work, id).await.unwrap().unwrap());
    }
    let together = join_all(published.iter().map(|(work, id)| rig.meta.permalink(work, id))).await;
    assert_eq!(together, alone.into_iter().map(|link| Ok(Some(link))).collect::<Vec<_>>());
}
