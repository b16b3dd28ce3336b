//! A kill at every named moment of the protocol, on every surface.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use publishing::step::Moment;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{
    arena::Arena,
    front_end::{FrontEnd, is_settled},
};

struct Surface {
    platform: &'static str,
    format: &'static str,
    pictures: usize,
    /// The endpoint of the irreversible call.
    endpoint: &'static str,
}

impl Surface {
    /// Whether a publication of this surface passes the moment: a caption needs no preparation.
    fn passes(&self, moment: Moment) -> bool {
        !matches!(moment, Moment::Claimed | Moment::HandleSaved | Moment::Prepared) || self.pictures > 0
    }
}

async fn settled(front_end: &FrontEnd, post: &Value) -> Value {
    let path = format!("/v1/publications?post_id={}", post["id"].as_str().unwrap());
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let publication = front_end.get(&path).await["data"][0].clone();
        if is_settled(&publication) {
            return publication;
        }
        assert!(Instant::now() < deadline, "stuck: {publication}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn survives(arena: &Arena, front_end: &FrontEnd, channel: &str, surface: &Surface, moment: Moment) {
    let mut pictures = Vec::new();
    for shade in 0..surface.pictures {
        pictures.push(front_end.upload(u8::try_from(shade * 50).unwrap()).await);
    }
    if moment == Moment::Looked {
        let effect = json!({"kind": "execute_then_drop"});
        arena.fault(json!({"endpoint": surface.endpoint, "count": 1, "effect": effect})).await;
    }
    let caption = format!("{} {} {moment}", surface.platform, surface.format);
    let spec = format!("{moment}:{}:{}", surface.platform, surface.format);
    let mut victim = arena.worker_that(&[(jobs::crash::CRASH_AT, &spec)]);
    let due = Utc::now() + TimeDelta::seconds(2);
    let post = front_end.schedule(&caption, &[channel], &pictures, due).await;
    let died = timeout(Duration::from_secs(40), victim.wait()).await;
    assert!(!died.unwrap_or_else(|_| panic!("no worker came to {spec}")).unwrap().success());

    let heir = arena.worker();
    let publication = settled(front_end, &post).await;
    drop(heir);
    assert_eq!(publication["state"], "published", "{spec}: {publication}");
    assert!(publication["permalink"].is_string(), "{spec}: {publication}");
    let ledger = arena.ledger().await;
    let mine: Vec<&Value> = ledger.iter().filter(|e| e["text"] == caption.as_str()).collect();
    assert_eq!(mine.len(), 1, "{spec}: {mine:?}");
    assert_eq!(mine[0]["object_id"], publication["platform_post_id"], "{spec}");
    let at = mine[0]["at_ms"].as_i64().unwrap();
    assert!(at >= due.timestamp_millis(), "{spec}: published before its time");
}

async fn every_moment(surface: Surface) {
    let arena = Arena::open(Duration::from_millis(20)).await;
    let front_end = FrontEnd::sign_up(&arena.api).await;
    let channels = front_end.connect(&arena.pages(1).await).await;
    let channel = channels.iter().find(|c| c["platform"] == surface.platform).unwrap();
    let channel = channel["id"].as_str().unwrap();
    for moment in Moment::ALL.iter().copied().filter(|m| surface.passes(*m)) {
        survives(&arena, &front_end, channel, &surface, moment).await;
    }
    arena.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_on_a_page_survives_a_kill_at_every_moment() {
    every_moment(Surface { platform: "facebook", format: "text", pictures: 0, endpoint: "feed" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_on_a_page_survives_a_kill_at_every_moment() {
    every_moment(Surface { platform: "facebook", format: "photo", pictures: 1, endpoint: "feed" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_photos_on_a_page_survive_a_kill_at_every_moment() {
    every_moment(Surface { platform: "facebook", format: "photos", pictures: 2, endpoint: "feed" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instagram_picture_survives_a_kill_at_every_moment() {
    every_moment(Surface { platform: "instagram", format: "photo", pictures: 1, endpoint: "media_publish" })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instagram_carousel_survives_a_kill_at_every_moment() {
    every_moment(Surface { platform: "instagram", format: "photos", pictures: 2, endpoint: "media_publish" })
        .await;
}
