//! Publishing on Instagram.

use serde_json::{Value, json};

use crate::harness::{Running, jpeg, picture, serve_file, serve_picture, sha256, start};

async fn item(it: &Running, url: &str) -> String {
    let (account, token) = it.account();
    let params = [("image_url", url), ("is_carousel_item", "true"), ("alt_text", "An item")];
    it.post(&format!("/v25.0/{account}/media"), &token, &params).await.id()
}

#[tokio::test]
async fn an_image_is_published_and_reads_back() {
    let it = start().await;
    let (account, token) = it.account();
    let bytes = jpeg(400, 400);
    let pictures = serve_picture(&bytes).await;
    let container = it.container(&pictures.base, "Good #morning").await;
    let status = it.get(&format!("/v25.0/{container}"), &token, &[("fields", "status_code,status")]).await;
    assert_eq!(status.body["status_code"], "FINISHED");
    let media = it
        .post(&format!("/v25.0/{account}/media_publish"), &token, &[("creation_id", &container)])
        .await
        .id();
    let status = it.get(&format!("/{container}"), &token, &[("fields", "status_code")]).await;
    assert_eq!(status.body, json!({ "status_code": "PUBLISHED", "id": container }));
    let fields = "permalink,caption,media_type,media_product_type,username,timestamp,shortcode";
    let read = it.get(&format!("/{media}"), &token, &[("fields", fields)]).await;
    assert_eq!((&read.body["caption"], &read.body["media_type"]), (&json!("Good #morning"), &json!("IMAGE")));
    let list = it.get(&format!("/{account}/media"), &token, &[]).await;
    assert_eq!(list.body["data"], json!([{ "id": media }]));
    let entry = &it.ledger().await[0];
    assert_eq!(
        (&entry["kind"], &entry["object_id"], &entry["account_id"]),
        (&json!("media"), &json!(media), &json!(account))
    );
    assert_eq!(entry["media"][0]["sha256"], json!(sha256(&bytes)));
}

#[tokio::test]
async fn a_carousel_keeps_the_order_of_its_children_in_every_spelling() {
    let it = start().await;
    let (account, token) = it.account();
    let (one, two) = (jpeg(400, 400), jpeg(500, 500));
    let (first, second) = (serve_picture(&one).await, serve_picture(&two).await);
    let path = format!("/{account}/media");
    for spelling in 0..3 {
        let (a, b) = (item(&it, &first.base).await, item(&it, &second.base).await);
        let body = match spelling {
            0 => json!({ "media_type": "CAROUSEL", "caption": "Both", "children": format!("{a},{b}") }),
            1 => json!({ "media_type": "CAROUSEL", "caption": "Both", "children": [a, b] }),
            _ => {
                json!({ "media_type": "CAROUSEL", "caption": "Both", "children": json!([a, b]).to_string() })
            }
        };
        let container = it.send(it.client.post(it.url(&path)).bearer_auth(&token).json(&body)).await.id();
        let published =
            it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await;
        let read = it
            .get(&format!("/{}", published.id()), &token, &[("fields", "media_type,children{media_url}")])
            .await;
        assert_eq!(read.body["media_type"], "CAROUSEL_ALBUM");
        assert!(read.text("/children/data/1/media_url").ends_with(&sha256(&two)));
        let children = it.get(&format!("/{}/children", published.id()), &token, &[]).await;
        assert_eq!(children.body["data"].as_array().unwrap().len(), 2);
        let entry = it.ledger().await.pop().unwrap();
        let digests: Vec<&Value> =
            entry["media"].as_array().unwrap().iter().map(|piece| &piece["sha256"]).collect();
        assert_eq!(
            (entry["kind"].as_str(), digests),
            (Some("carousel"), vec![&json!(sha256(&one)), &json!(sha256(&two))])
        );
    }
    let list = it.get(&format!("/{account}/media"), &token, &[]).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_carousel_takes_two_to_ten_items_that_were_made_for_one() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let path = format!("/{account}/media");
    let carousel = |children: String| [("media_type", "CAROUSEL".to_owned()), ("children", children)];
    let one = item(&it, &pictures.base).await;
    let send = |children: String| {
        it.send(it.client.post(it.url(&path)).bearer_auth(&token).form(&carousel(children)))
    };
    assert_eq!(send(one.clone()).await.error(), (100, 2_207_028));
    let eleven = [one.as_str(); 11].join(",");
    assert_eq!(send(eleven).await.error(), (100, 2_207_028));
    let plain = it.container(&pictures.base, "x").await;
    assert_eq!(send(format!("{one},{plain}")).await.error(), (100, 0));
    assert_eq!(send(format!("{one},1789")).await.error(), (100, 33));
    let alone = it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &one)]).await;
    assert_eq!(alone.error(), (100, 0));
    assert!(it.ledger().await.is_empty());
}

#[tokio::test]
async fn pictures_that_instagram_does_not_take_are_refused_by_code() {
    let it = start().await;
    let (account, token) = it.account();
    let mut large = jpeg(400, 400);
    large.resize(8 * 1024 * 1024 + 1, 0);
    let mut half = jpeg(400, 400);
    half.truncate(300);
    let cases = [
        (200, picture(400, 400, image::ImageFormat::Png), (36_001, 2_207_005)),
        (200, half, (36_001, 2_207_005)),
        (200, b"<html>".to_vec(), (36_001, 2_207_005)),
        (200, large, (36_000, 2_207_004)),
        (200, jpeg(400, 600), (36_003, 2_207_009)),
        (200, jpeg(800, 400), (36_003, 2_207_009)),
        (404, jpeg(400, 400), (9_004, 2_207_052)),
        (302, jpeg(400, 400), (9_004, 2_207_052)),
    ];
    for (status, bytes, expected) in cases {
        let file = serve_file(status, bytes).await;
        let reply = it.post(&format!("/{account}/media"), &token, &[("image_url", &file.base)]).await;
        assert_eq!((reply.status, reply.error()), (400, expected));
    }
}

#[tokio::test]
async fn captions_that_are_too_long_are_refused_with_36004() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    for caption in ["x".repeat(2_201), "#a ".repeat(31), "@a ".repeat(21)] {
        let params = [("image_url", pictures.base.as_str()), ("caption", &caption)];
        assert_eq!(it.post(&format!("/{account}/media"), &token, &params).await.error(), (36_004, 2_207_010));
    }
}

#[tokio::test]
async fn a_second_publish_of_one_container_does_what_the_switch_says() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let container = it.container(&pictures.base, "Once").await;
    let path = format!("/{account}/media_publish");
    let params = [("creation_id", container.as_str())];
    let first = it.post(&path, &token, &params).await.id();
    assert_eq!(it.post(&path, &token, &params).await.error(), (100, 0));
    it.admin("PUT", "/switches", json!({ "second_publish": "same_id" })).await;
    assert_eq!(it.post(&path, &token, &params).await.id(), first);
    assert_eq!(it.ledger().await.len(), 1);
    it.admin("PUT", "/switches", json!({ "second_publish": "new_media" })).await;
    assert_ne!(it.post(&path, &token, &params).await.id(), first);
    assert_eq!(it.ledger().await.len(), 2);
}

#[tokio::test]
async fn a_container_expires_after_a_day() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let container = it.container(&pictures.base, "Late").await;
    it.admin("PUT", "/clock", json!({ "offset_ms": 24 * 3_600_000 })).await;
    let status = it.get(&format!("/{container}"), &token, &[("fields", "status_code")]).await;
    assert_eq!(status.body["status_code"], "EXPIRED");
    let refused = it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await;
    assert_eq!(refused.error(), (24, 2_207_008));
    let unknown = it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", "17889")]).await;
    assert_eq!(unknown.error(), (24, 2_207_008));
}

#[tokio::test]
async fn the_quota_is_counted_shown_and_enforced() {
    let it = start().await;
    let (account, token) = it.account();
    it.admin("PUT", "/switches", json!({ "ig_quota_total": 1 })).await;
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let publish = async || {
        let container = it.container(&pictures.base, "x").await;
        it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await
    };
    assert_eq!(publish().await.status, 200);
    let limit = it
        .get(&format!("/{account}/content_publishing_limit"), &token, &[("fields", "config,quota_usage")])
        .await;
    assert_eq!(
        limit.body["data"],
        json!([{ "config": { "quota_total": 1, "quota_duration": 86_400 }, "quota_usage": 1 }])
    );
    assert_eq!(publish().await.error(), (9, 2_207_042));
    it.admin("PUT", "/clock", json!({ "offset_ms": 24 * 3_600_000 + 1_000 })).await;
    assert_eq!(publish().await.status, 200);
}

#[tokio::test]
async fn media_can_be_deleted_but_not_a_picture_of_a_carousel() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let children = format!("{},{}", item(&it, &pictures.base).await, item(&it, &pictures.base).await);
    let params = [("media_type", "CAROUSEL"), ("children", children.as_str())];
    let container = it.post(&format!("/{account}/media"), &token, &params).await.id();
    let media =
        it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await.id();
    let child = it.get(&format!("/{media}/children"), &token, &[]).await.text("/data/0/id");
    assert_eq!(it.delete(&format!("/{child}"), &token).await.error(), (-1, 2_207_073));
    let deleted = it.delete(&format!("/{media}"), &token).await;
    assert_eq!(deleted.body, json!({ "success": true, "deleted_id": media }));
    assert_eq!(it.get(&format!("/{child}"), &token, &[]).await.error(), (100, 33));
    assert!(it.ledger().await[0]["removed_at_ms"].is_i64());
}

#[tokio::test]
async fn a_personal_account_is_not_there_for_publishing() {
    let it = start().await;
    let page = json!({ "name": "Private", "person_id": it.seed.person_id,
        "instagram": { "username": "private.me", "account_type": "PERSONAL" } });
    let made = it.admin("POST", "/pages", page).await;
    let (page, account) = (made["id"].as_str().unwrap(), made["instagram_id"].as_str().unwrap());
    let fields = "instagram_business_account,connected_instagram_account{username}";
    let read = it.get(&format!("/{page}"), &it.seed.user_token, &[("fields", fields)]).await;
    assert!(read.body.get("instagram_business_account").is_none());
    assert_eq!(read.text("/connected_instagram_account/username"), "private.me");
    let refused = it
        .post(&format!("/{account}/media"), &it.seed.user_token, &[("image_url", "http://127.0.0.1:1/")])
        .await;
    assert_eq!(refused.error(), (100, 33));
}
