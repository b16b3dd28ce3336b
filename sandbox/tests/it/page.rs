//! Publishing on Pages.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::harness::{Running, jpeg, picture, serve_file, serve_picture, sha256, start};

async fn unpublished_photo(it: &Running, url: &str) -> String {
    let (page, token) = it.page();
    let reply = it.post(&format!("/{page}/photos"), &token, &[("url", url), ("published", "false")]).await;
    assert!(reply.body.get("post_id").is_none());
    reply.id()
}

#[tokio::test]
async fn a_text_is_published_in_every_encoding_and_answers_its_id() {
    let it = start().await;
    let (page, token) = it.page();
    let url = it.url(&format!("/v25.0/{page}/feed"));
    let query = it.client.post(&url).query(&[("message", "by query"), ("access_token", &token)]);
    let form = it.client.post(format!("{url}/")).form(&[("message", "by form"), ("access_token", &token)]);
    let json = it.client.post(&url).json(&json!({ "message": "by json", "access_token": token }));
    let oauth =
        it.client.post(it.url(&format!("/{page}/feed"))).header("authorization", format!("OAuth {token}"));
    let parts = it.client.post(&url).bearer_auth(&token).multipart(Form::new().text("message", "by parts"));
    for request in [query, form, json, oauth.form(&[("message", "by header")]), parts] {
        assert!(it.send(request).await.id().starts_with(&format!("{page}_")));
    }
    let texts: Vec<Value> = it.ledger().await.iter().map(|entry| entry["text"].clone()).collect();
    assert_eq!(texts, ["by query", "by form", "by json", "by header", "by parts"]);
}

#[tokio::test]
async fn a_link_post_reads_back_with_its_application_and_attachment() {
    let it = start().await;
    let (page, token) = it.page();
    let params =
        [("message", "Look"), ("link", "https://example.org/a"), ("fields", "id,permalink_url,message")];
    let made = it.post(&format!("/v25.0/{page}/feed"), &token, &params).await;
    assert_eq!(made.body["message"], "Look");
    assert!(made.text("/permalink_url").starts_with(&it.base));
    let id = made.id();
    let fields = "id,message,created_time,application,attachments{target{url},type},is_published,status_type";
    let read = it.get(&format!("/v25.0/{id}"), &token, &[("fields", fields)]).await;
    assert_eq!(read.body["application"]["id"], json!(it.seed.app_id));
    assert_eq!(
        read.body["attachments"]["data"],
        json!([{ "type": "share", "target": { "url": "https://example.org/a" } }])
    );
    let list = it
        .get(&format!("/{page}/published_posts"), &token, &[("fields", "id,message,application{id}")])
        .await;
    assert_eq!(
        list.body["data"],
        json!([{ "id": id, "message": "Look", "application": { "id": it.seed.app_id } }])
    );
    assert_eq!(it.ledger().await[0]["link"], "https://example.org/a");
}

#[tokio::test]
async fn a_photo_by_url_is_fetched_and_its_digest_is_in_the_ledger() {
    let it = start().await;
    let (page, token) = it.page();
    let bytes = picture(60, 40, image::ImageFormat::Png);
    let pictures = serve_picture(&bytes).await;
    let params = [("url", pictures.base.as_str()), ("caption", "Sunrise"), ("alt_text_custom", "A sunrise")];
    let made = it.post(&format!("/v25.0/{page}/photos"), &token, &params).await;
    let (photo, post) = (made.id(), made.text("/post_id"));
    let entry = &it.ledger().await[0];
    assert_eq!(
        (&entry["kind"], &entry["object_id"], &entry["text"]),
        (&json!("photo"), &json!(post), &json!("Sunrise"))
    );
    let expected = json!([{ "url": pictures.base, "sha256": sha256(&bytes), "bytes": bytes.len(), "width": 60, "height": 40, "alt_text": "A sunrise" }]);
    assert_eq!(entry["media"], expected);
    let read =
        it.get(&format!("/{post}"), &token, &[("fields", "attachments{target{id}},full_picture")]).await;
    assert_eq!(read.body["attachments"]["data"][0]["target"]["id"], json!(photo));
    let shown = it.client.get(read.text("/full_picture")).send().await.unwrap();
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn a_photo_in_the_request_body_is_published_too() {
    let it = start().await;
    let (page, token) = it.page();
    let bytes = jpeg(30, 30);
    let form =
        Form::new().text("message", "Uploaded").part("source", Part::bytes(bytes.clone()).file_name("a.jpg"));
    let made =
        it.send(it.client.post(it.url(&format!("/{page}/photos"))).bearer_auth(&token).multipart(form)).await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    let entry = &it.ledger().await[0];
    assert_eq!((&entry["text"], &entry["media"][0]["sha256"]), (&json!("Uploaded"), &json!(sha256(&bytes))));
    assert!(entry["media"][0].get("url").is_none());
}

#[tokio::test]
async fn several_photos_become_one_post_in_their_order_and_cannot_be_used_again() {
    let it = start().await;
    let (page, token) = it.page();
    let (first, second) = (jpeg(40, 40), jpeg(50, 50));
    let (one, two) = (serve_picture(&first).await, serve_picture(&second).await);
    let ids = [unpublished_photo(&it, &two.base).await, unpublished_photo(&it, &one.base).await];
    assert!(it.ledger().await.is_empty());
    let attached = json!(ids.iter().map(|id| json!({ "media_fbid": id })).collect::<Vec<_>>()).to_string();
    let params = [("message", "Both"), ("attached_media", attached.as_str())];
    let made = it.post(&format!("/v25.0/{page}/feed"), &token, &params).await.id();
    let entry = &it.ledger().await[0];
    assert_eq!((&entry["kind"], &entry["object_id"]), (&json!("post"), &json!(made)));
    let digests = [&entry["media"][0]["sha256"], &entry["media"][1]["sha256"]];
    assert_eq!(digests, [&json!(sha256(&second)), &json!(sha256(&first))]);
    let fields = "attachments{subattachments{target{id}}}";
    let read = it.get(&format!("/{made}"), &token, &[("fields", fields)]).await;
    let targets = &read.body["attachments"]["data"][0]["subattachments"]["data"];
    assert_eq!(targets, &json!([{ "target": { "id": ids[0] } }, { "target": { "id": ids[1] } }]));
    let again = it.post(&format!("/v25.0/{page}/feed"), &token, &params).await;
    assert_eq!(again.error(), (100, 1_366_051));
}

#[tokio::test]
async fn photos_that_cannot_be_had_are_refused_with_324() {
    let it = start().await;
    let (page, token) = it.page();
    let path = format!("/{page}/photos");
    let text = serve_picture(b"not a picture").await;
    let mut half = jpeg(200, 200);
    half.truncate(half.len() / 3);
    let half = serve_picture(&half).await;
    let gone = serve_file(404, jpeg(10, 10)).await;
    for url in [&text.base, &half.base, &gone.base, "http://127.0.0.1:1/x.jpg"] {
        assert_eq!(it.post(&path, &token, &[("url", url)]).await.error(), (324, 2_069_019), "{url}");
    }
    assert_eq!(it.post(&path, &token, &[("url", "file:///etc/hosts")]).await.error(), (100, 0));
    assert_eq!(it.post(&path, &token, &[]).await.error(), (100, 0));
    let large = serve_picture(&vec![0; 11 * 1024 * 1024]).await;
    assert_eq!(it.post(&path, &token, &[("url", &large.base)]).await.error(), (100, 1_366_046));
    assert!(it.ledger().await.is_empty());
}

#[tokio::test]
async fn the_same_text_twice_in_a_row_is_refused_with_506() {
    let it = start().await;
    let (page, token) = it.page();
    let path = format!("/{page}/feed");
    it.post(&path, &token, &[("message", "Again")]).await.id();
    let second = it.post(&path, &token, &[("message", "Again")]).await;
    assert_eq!((second.status, second.error()), (400, (506, 1_455_006)));
    it.post(&path, &token, &[("message", "Something else")]).await.id();
    it.post(&path, &token, &[("message", "Again")]).await.id();
    assert_eq!(it.ledger().await.len(), 3);
}

#[tokio::test]
async fn an_unpublished_post_is_visible_only_once_it_is_published() {
    let it = start().await;
    let (page, token) = it.page();
    let id =
        it.post(&format!("/{page}/feed"), &token, &[("message", "Later"), ("published", "false")]).await.id();
    assert!(it.ledger().await.is_empty());
    assert_eq!(it.get(&format!("/{page}/published_posts"), &token, &[]).await.body["data"], json!([]));
    let all = it.get(&format!("/{page}/feed"), &token, &[("fields", "is_published")]).await;
    assert_eq!(all.body["data"], json!([{ "id": id, "is_published": false }]));
    for _ in 0..2 {
        let published = it.post(&format!("/{id}"), &token, &[("is_published", "true")]).await;
        assert_eq!(published.body, json!({ "success": true }));
    }
    assert_eq!(it.ledger().await.len(), 1);
}

#[tokio::test]
async fn edits_and_deletions_are_in_the_ledger() {
    let it = start().await;
    let (page, token) = it.page();
    let id = it.post(&format!("/{page}/feed"), &token, &[("message", "Tpyo")]).await.id();
    it.post(&format!("/{id}"), &token, &[("message", "Typo")]).await;
    let read = it.get(&format!("/{id}"), &token, &[("fields", "message")]).await;
    assert_eq!(read.body["message"], "Typo");
    assert_eq!(it.delete(&format!("/v25.0/{id}"), &token).await.body, json!({ "success": true }));
    let gone = it.get(&format!("/{id}"), &token, &[]).await;
    assert_eq!((gone.status, gone.error()), (400, (100, 33)));
    let ledger = it.ledger().await;
    assert_eq!((&ledger[1]["kind"], &ledger[1]["text"]), (&json!("edit"), &json!("Typo")));
    assert!(ledger[0]["removed_at_ms"].is_i64());
}

#[tokio::test]
async fn a_staged_photo_can_be_deleted() {
    let it = start().await;
    let (_, token) = it.page();
    let pictures = serve_picture(&jpeg(20, 20)).await;
    let id = unpublished_photo(&it, &pictures.base).await;
    assert_eq!(it.get(&format!("/{id}"), &token, &[("fields", "width")]).await.body["width"], 20);
    assert_eq!(it.delete(&format!("/{id}"), &token).await.body, json!({ "success": true }));
    assert_eq!(it.delete(&format!("/{id}"), &token).await.error(), (100, 33));
}

#[tokio::test]
async fn lists_are_cut_by_time_and_limit() {
    let it = start().await;
    let (page, token) = it.page();
    for (text, offset) in [("one", 0_i64), ("two", 60_000), ("three", 120_000)] {
        it.admin("PUT", "/clock", json!({ "offset_ms": offset })).await;
        it.post(&format!("/{page}/feed"), &token, &[("message", text)]).await.id();
    }
    let path = format!("/{page}/published_posts");
    let all = it.get(&path, &token, &[("fields", "message,created_time"), ("limit", "2")]).await;
    let texts = |reply: &crate::harness::Reply| -> Vec<Value> {
        reply.body["data"].as_array().unwrap().iter().map(|post| post["message"].clone()).collect()
    };
    assert_eq!(texts(&all), ["three", "two"]);
    let rest = it.send(it.client.get(all.text("/paging/next")).bearer_auth(&token)).await;
    assert_eq!(texts(&rest), ["one"]);
    let since = all.text("/data/1/created_time");
    let since = it.get(&path, &token, &[("fields", "message"), ("since", &since)]).await;
    assert_eq!(texts(&since), ["three", "two"]);
}

#[tokio::test]
async fn a_batch_answers_each_call_with_a_body_of_text() {
    let it = start().await;
    let (page, token) = it.page();
    let batch = json!([
        { "method": "POST", "relative_url": format!("v25.0/{page}/feed"), "body": "message=In%20a%20batch" },
        { "method": "GET", "relative_url": "v25.0/123" },
    ]);
    let reply = it.post("/", &token, &[("batch", &batch.to_string())]).await;
    assert_eq!((&reply.body[0]["code"], &reply.body[1]["code"]), (&json!(200), &json!(400)));
    let body: Value = serde_json::from_str(reply.body[0]["body"].as_str().unwrap()).unwrap();
    assert!(body["id"].as_str().unwrap().starts_with(&page));
    assert_eq!(it.ledger().await[0]["text"], "In a batch");
}
