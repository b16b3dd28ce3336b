//! Uploading the picture, writing the post, and scheduling it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use identity::SystemClock;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Value, json};
use tenancy::Clock;

use super::{account::Member, connect::Channel, trouble::Trouble, voice::Voice};

/// The picture, made for this.
pub(super) const PICTURE: &[u8] = include_bytes!("../../examples/harbour.jpg");
/// What its file is called.
pub(super) const PICTURE_NAME: &str = "harbour.jpg";

const ALT_TEXT: &str =
    "A cup of coffee on a wooden table; behind it a harbour with a lighthouse, at sunrise.";
const CAPTION: &str =
    "Good morning from the harbour. The ovens are warm, the first boat is out, and the coffee is ready.";
const HASHTAGS: &str = "#harbour #coffee #goodmorning";

/// How far ahead the post is due: time enough to watch it being prepared.
const AHEAD: TimeDelta = TimeDelta::seconds(8);

#[derive(Deserialize)]
struct Made {
    id: String,
}

/// Schedules one post with the picture for all channels, some seconds ahead, and gives its id.
pub(super) async fn schedule(member: &Member, channels: &[Channel], voice: Voice) -> Result<String, Trouble> {
    let what = format!("uploading {PICTURE_NAME}, {} kB", PICTURE.len() / 1_000);
    let media = voice.during(&what, upload(member)).await?;
    let post = json!({
        "workspace_id": member.workspace,
        "caption": CAPTION,
        "media": [{"media_id": media, "alt_text": ALT_TEXT}],
        "targets": channels.iter().map(target).collect::<Vec<_>>(),
    });
    let post: Made = member.client.post("/v1/posts", &post).await?;
    let at = due(SystemClock.now());
    let path = format!("/v1/posts/{}/schedule", post.id);
    let _: Value = member.client.post(&path, &json!({"at": at})).await?;
    voice.say(&format!("scheduled one post for {} channels at {at} ({})", channels.len(), post.id));
    Ok(post.id)
}

async fn upload(member: &Member) -> Result<String, Trouble> {
    let part = Part::bytes(PICTURE).file_name(PICTURE_NAME).mime_str("image/jpeg");
    let part = part.map_err(|error| Trouble::unanswered("the form of the upload", error))?;
    let form = Form::new().text("workspace_id", member.workspace.clone()).text("alt_text", ALT_TEXT);
    Ok(member.client.upload::<Made>("/v1/media", form.part("file", part)).await?.id)
}

/// Instagram's text ends with hashtags; the Page's does not.
fn target(channel: &Channel) -> Value {
    match channel.platform.as_str() {
        "instagram" => json!({"channel_id": channel.id, "caption": format!("{CAPTION}\n\n{HASHTAGS}")}),
        _ => json!({"channel_id": channel.id}),
    }
}

/// A whole second, as people schedule.
fn due(now: DateTime<Utc>) -> String {
    let whole = DateTime::from_timestamp((now + AHEAD).timestamp(), 0).unwrap_or(now);
    whole.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_due_at_a_whole_second_some_seconds_ahead() {
        let now = "2027-03-01T09:29:57.400Z".parse().unwrap();
        assert_eq!(due(now), "2027-03-01T09:30:05Z");
    }

    #[test]
    fn the_picture_is_a_jpeg_of_reasonable_size() {
        assert!(PICTURE.starts_with(&[0xff, 0xd8, 0xff]) && PICTURE.len() < 200_000);
    }
}
