//! Nothing that people wrote, and nothing secret, reaches a log.

use publishing::{
    authorizer::Authorizer,
    platform::Platform,
    publisher::{Publisher, Work},
};

use crate::{
    log,
    script::{Reply, Script, answer, error, ok},
    stage::{Pages, handles, meta, work},
};

fn canaries(platform: Platform) -> Work {
    let mut work = work(platform, 1);
    "canary caption".clone_into(&mut work.caption);
    work.token = "canary-token".into();
    work.pictures[0].url = "https://canary.example/picture".parse().unwrap();
    work.pictures[0].alt_text = Some("canary alt".to_owned());
    work.handles = handles(&["1"], Some("900"));
    work
}

#[tokio::test]
async fn no_secret_caption_or_body_is_logged_at_any_level() {
    let body =
        r#"{"error":{"message":"canary message","code":190,"error_subcode":460,"fbtrace_id":"AbcTrace"}}"#;
    for reply in [answer(400, "", body), ok("canary body"), Reply::HangUp, Reply::Half("canary half")] {
        for platform in Platform::ALL {
            let script = Script::new(vec![reply.clone(); 4]).await;
            let (meta, work) = (meta(script.address), canaries(platform));
            meta.publish(&work).await;
            meta.find_published(&work).await;
            let _ = meta.prepare(&work, &Pages::default()).await;
            let _ = meta.liveness(&work.token).await;
            let _ = meta.exchange(&"canary-code".into(), &"https://app.example/".parse().unwrap()).await;
        }
    }
    let text = log::of_this_test();
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains("app secret"), "{text}");
    for expected in
        ["endpoint=\"feed\"", "status=400", "code=190", "subcode=460", "request_id=\"AbcTrace\"", "ms="]
    {
        assert!(text.contains(expected), "{expected} is missing");
    }
}

#[tokio::test]
async fn what_a_platform_calls_a_request_is_logged_only_if_it_looks_like_a_name() {
    let body = r#"{"error":{"code":190,"fbtrace_id":"a b\nc"}}"#;
    let headers = "x-fb-trace-id: {\"spoofed\":1}\r\n";
    let script = Script::new([answer(400, headers, body)]).await;
    meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(!log::of_this_test().contains("request_id"), "{}", log::of_this_test());
    let script = Script::new([error(400, 190, None)]).await;
    meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(log::of_this_test().contains("request_id=\"Abc\""));
}
