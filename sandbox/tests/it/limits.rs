//! How much an Instagram account may do within 24 hours.

use serde_json::json;

use crate::harness::{Pictures, Reply, Running, jpeg, serve_picture, start};

const HOUR: i64 = 3_600_000;

async fn stage() -> (Running, Pictures) {
    (start().await, serve_picture(&jpeg(400, 400)).await)
}

async fn offset(it: &Running, offset_ms: i64) -> i64 {
    it.admin("PUT", "/clock", json!({ "offset_ms": offset_ms })).await["now_ms"].as_i64().unwrap()
}

async fn publish(it: &Running, pictures: &Pictures) -> Reply {
    let (account, token) = it.account();
    let container = it.container(&pictures.base, "x").await;
    it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await
}

async fn used(it: &Running, since: Option<i64>) -> i64 {
    let (account, token) = it.account();
    let since = since.map(|ms| (ms / 1_000).to_string());
    let params: Vec<_> = since.iter().map(|since| ("since", since.as_str())).collect();
    let limit = it.get(&format!("/{account}/content_publishing_limit"), &token, &params).await;
    limit.body["data"][0]["quota_usage"].as_i64().unwrap()
}

#[tokio::test]
async fn a_hundred_posts_and_four_hundred_containers_a_day_unless_switched() {
    let it = start().await;
    let (account, token) = it.account();
    let fields = [("fields", "config")];
    let limit = it.get(&format!("/{account}/content_publishing_limit"), &token, &fields).await;
    let config = json!({ "quota_total": 100, "quota_duration": 86_400 });
    assert_eq!(limit.body, json!({ "data": [{ "config": config }] }));
    let switches = it.admin("GET", "/switches", serde_json::Value::Null).await;
    assert_eq!(switches["ig_containers_per_day"], 400);
}

#[tokio::test]
async fn the_quota_counts_since_a_time_of_the_last_day() {
    let (it, pictures) = stage().await;
    for hours in [-20, -5, -1] {
        offset(&it, hours * HOUR).await;
        assert_eq!(publish(&it, &pictures).await.status, 200);
    }
    let now = offset(&it, 0).await;
    assert_eq!(used(&it, None).await, 3);
    for (hours, expected) in [(23, 3), (19, 2), (4, 1), (0, 0)] {
        assert_eq!(used(&it, Some(now - hours * HOUR)).await, expected, "since {hours} hours ago");
    }
    offset(&it, 5 * HOUR).await;
    assert_eq!(used(&it, None).await, 2, "what is older than a day does not count");
}

#[tokio::test]
async fn containers_are_counted_with_the_children_of_carousels_whether_or_not_they_are_published() {
    let (it, pictures) = stage().await;
    let (account, token) = it.account();
    it.admin("PUT", "/switches", json!({ "ig_containers_per_day": 3 })).await;
    let create = async |params: &[(&str, &str)]| it.post(&format!("/{account}/media"), &token, params).await;
    let item = [("image_url", pictures.base.as_str()), ("is_carousel_item", "true")];
    let children = format!("{},{}", create(&item).await.id(), create(&item).await.id());
    create(&[("media_type", "CAROUSEL"), ("children", &children)]).await.id();
    assert_eq!(create(&item).await.error(), (9, 2_207_042));
    assert_eq!(used(&it, None).await, 0);
    offset(&it, 24 * HOUR + 1_000).await;
    create(&item).await.id();
}
