//! What was prepared vanishes.

use serde_json::json;

use crate::harness::{Running, jpeg, serve_picture, start};

async fn staged(it: &Running, url: &str) -> String {
    let (page, token) = it.page();
    it.post(&format!("/{page}/photos"), &token, &[("url", url), ("published", "false")]).await.id()
}

/// Posts a staged photo and says how that was refused.
async fn refusal(it: &Running, photo: &str) -> (i64, u64) {
    let (page, token) = it.page();
    let attached = json!([{ "media_fbid": photo }]).to_string();
    let params = [("message", "With a photo"), ("attached_media", attached.as_str())];
    let reply = it.post(&format!("/{page}/feed"), &token, &params).await;
    if reply.status == 200 { (0, 0) } else { reply.error() }
}

#[tokio::test]
async fn a_staged_photo_that_is_gone_answers_100_33_whatever_removed_it() {
    let it = start().await;
    let pictures = serve_picture(&jpeg(40, 40)).await;
    let (_, token) = it.page();
    let deleted = staged(&it, &pictures.base).await;
    it.delete(&format!("/{deleted}"), &token).await;
    assert_eq!(refusal(&it, &deleted).await, (100, 33));
    it.fault("photos", json!({ "kind": "vanish" })).await;
    let never_kept = staged(&it, &pictures.base).await;
    assert_eq!(refusal(&it, &never_kept).await, (100, 33));
    let (struck, spared) = (staged(&it, &pictures.base).await, staged(&it, &pictures.base).await);
    it.fault("feed", json!({ "kind": "vanish" })).await;
    assert_eq!(refusal(&it, &struck).await, (100, 33));
    assert_eq!(it.get(&format!("/{struck}"), &token, &[]).await.error(), (100, 33));
    let late = staged(&it, &pictures.base).await;
    assert!(it.ledger().await.is_empty());
    assert_eq!(refusal(&it, &spared).await, (0, 0), "others are untouched");
    it.admin("PUT", "/clock", json!({ "offset_ms": 24 * 3_600_000 })).await;
    assert_eq!(refusal(&it, &late).await, (100, 33), "unpublished photos live for a day");
}

#[tokio::test]
async fn a_published_photo_does_not_vanish_with_the_staged_ones() {
    let it = start().await;
    let pictures = serve_picture(&jpeg(40, 40)).await;
    let (page, token) = it.page();
    it.fault("photos", json!({ "kind": "vanish" })).await;
    let published = it.post(&format!("/{page}/photos"), &token, &[("url", &pictures.base)]).await.id();
    it.fault("feed", json!({ "kind": "vanish" })).await;
    assert_eq!(refusal(&it, &published).await, (100, 1_366_051));
    assert_eq!(it.get(&format!("/{published}"), &token, &[]).await.status, 200);
}

#[tokio::test]
async fn a_container_that_vanished_is_missing_for_every_call_even_if_it_was_published() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let publish =
        async |id: &str| it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", id)]).await;
    for endpoint in ["media", "container_status"] {
        it.fault(endpoint, json!({ "kind": "vanish" })).await;
        let container = it.container(&pictures.base, "x").await;
        assert_eq!(it.get(&format!("/{container}"), &token, &[]).await.error(), (100, 33), "{endpoint}");
        assert_eq!(publish(&container).await.error(), (24, 2_207_008), "{endpoint}");
    }
    it.fault("media_publish", json!({ "kind": "vanish" })).await;
    assert_eq!(publish(&it.container(&pictures.base, "x").await).await.error(), (24, 2_207_008));
    assert!(it.ledger().await.is_empty());
    let container = it.container(&pictures.base, "x").await;
    let media = publish(&container).await.id();
    it.fault("container_status", json!({ "kind": "vanish" })).await;
    assert_eq!(it.get(&format!("/{container}"), &token, &[]).await.error(), (100, 33));
    assert_eq!(it.get(&format!("/{media}"), &token, &[]).await.status, 200, "what is public stays");
}
