//! Publishes a carousel of three pictures on Instagram: `cargo run --example carousel`.

mod client;

use std::io::Cursor;

use client::{Client, Trouble, text};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::json;

const COLOURS: [(&str, [u8; 3]); 3] =
    [("sky", [127, 131, 180]), ("sunrise", [240, 168, 146]), ("sea", [63, 95, 143])];

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let api = Client::from_env()?;
    let (channel, workspace) = api.channel("instagram").await?;
    let mut media = Vec::new();
    for (name, colour) in COLOURS {
        let id = upload(&api, &workspace, name, jpeg(colour)?).await?;
        media.push(json!({"media_id": id, "alt_text": format!("The colour of the {name}")}));
    }
    let post = api
        .publish(&json!({
            "workspace_id": workspace,
            "caption": "Three colours of the morning.",
            "media": media,
            "targets": [{"channel_id": channel}],
        }))
        .await?;
    let published = api.until(&post, |publication| publication["permalink"].is_string()).await?;
    println!("{}", text(&published, "permalink")?);
    Ok(())
}

async fn upload(api: &Client, workspace: &str, name: &str, bytes: Vec<u8>) -> Result<String, Trouble> {
    let file = Part::bytes(bytes).file_name(format!("{name}.jpg"));
    // The workspace stands before the file, which is read while it arrives.
    let form = Form::new().text("workspace_id", workspace.to_owned()).part("file", file);
    text(&api.send(Method::POST, "/v1/media", |request| request.multipart(form)).await?, "id")
}

/// A square that fades to white.
fn jpeg([r, g, b]: [u8; 3]) -> Result<Vec<u8>, Trouble> {
    let fade =
        |part: u8, y: u32| u8::try_from(u32::from(part) + (255 - u32::from(part)) * y / 640).unwrap_or(255);
    let picture = RgbImage::from_fn(640, 640, |_, y| Rgb([fade(r, y), fade(g, y), fade(b, y)]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}
