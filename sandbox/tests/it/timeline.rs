//! Pages for people.

use serde_json::Value;

use crate::harness::{jpeg, serve_picture, sha256, start};

async fn html(it: &crate::harness::Running, path: &str) -> String {
    match it.send(it.client.get(it.url(path))).await.body {
        Value::String(html) => html,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_timeline_shows_escaped_texts_and_the_pictures_that_were_published() {
    let it = start().await;
    let (page, token) = it.page();
    let bytes = jpeg(40, 40);
    let pictures = serve_picture(&bytes).await;
    let params = [("url", pictures.base.as_str()), ("caption", "<script>alert(1)</script>")];
    let post = it.post(&format!("/{page}/photos"), &token, &params).await.text("/post_id");
    let html = html(&it, &format!("/_sandbox/timeline/{page}")).await;
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script>"));
    assert!(html.contains("Harbour Coffee") && html.contains(&format!("id=\"{post}\"")));
    assert!(html.contains(&format!("/_sandbox/media/{}", sha256(&bytes))));
    let avatar = it.client.get(it.url(&format!("/_sandbox/avatar/{page}"))).send().await.unwrap();
    assert_eq!(avatar.headers()["content-type"], "image/svg+xml");
}

#[tokio::test]
async fn the_index_lists_pages_and_accounts_and_nobody_else_has_a_timeline() {
    let it = start().await;
    let index = html(&it, "/").await;
    for name in ["Harbour Coffee", "@harbour.coffee", "Pier Street Market"] {
        assert!(index.contains(name), "{name}");
    }
    let answer = it.client.get(it.url("/_sandbox/timeline/1")).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}
