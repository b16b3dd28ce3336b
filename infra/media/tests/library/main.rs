//! The whole slice with everything real but the database: from an upload to the bytes behind a signed address.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod memory;
mod stage;

use std::path::Path;

use chrono::TimeDelta;
use futures::StreamExt;
use publishing::media::{
    Asked, MediaError, MediaKind, MediaRefusal, Shown,
    fetch::{AddressRefusal, FetchError},
    links::MediaLinks,
};
use tenancy::{Page, Reach, Scope, WorkspaceId};
use uuid::Uuid;

use stage::{Stage, body, jpeg, new, piecewise};

fn asked(range: &str) -> Asked {
    Asked { range: Some(range.to_owned()), ..Asked::default() }
}

#[tokio::test]
async fn an_upload_is_served_behind_a_signed_address_in_whole_and_in_part() {
    let stage = Stage::new();
    let uploaded = stage.upload(&jpeg(400, 300)).await.unwrap();
    assert!(uploaded.is_new);
    let asset = uploaded.asset;
    assert_eq!((asset.kind, asset.width, asset.height), (MediaKind::Jpeg, 400, 300));
    let token = stage.token(asset.id);
    let whole = stage.media.serve(&token, &Asked::default()).await.unwrap();
    assert_eq!((whole.shown, whole.length, whole.content_range()), (Shown::Whole, asset.bytes, None));
    let etag = whole.etag.clone();
    let bytes = body(whole).await;
    assert_eq!(bytes.len() as u64, asset.bytes);
    assert_eq!(etag, format!("\"{}\"", asset.digest));
    let part = stage.media.serve(&token, &asked("bytes=10-19")).await.unwrap();
    assert_eq!(part.content_range(), Some(format!("bytes 10-19/{}", asset.bytes)));
    assert_eq!((part.length, body(part).await), (10, bytes[10..20].to_vec()));
    let behind = stage.media.serve(&token, &asked("bytes=99999999-")).await.unwrap();
    assert_eq!(
        (behind.shown, behind.content_range()),
        (Shown::Nothing, Some(format!("bytes */{}", asset.bytes)))
    );
    assert!(behind.body.is_none());
    let head = stage.media.serve(&token, &Asked { head_only: true, ..Asked::default() }).await.unwrap();
    assert_eq!((head.length, head.body.is_none()), (asset.bytes, true));
    let other = Asked { if_range: Some("\"other\"".to_owned()), ..asked("bytes=0-1") };
    assert_eq!(stage.media.serve(&token, &other).await.unwrap().shown, Shown::Whole);
}

#[tokio::test]
async fn what_lies_in_the_storage_is_neither_the_picture_nor_named_after_anybody() {
    let stage = Stage::new();
    let asset = stage.upload(&jpeg(400, 300)).await.unwrap().asset;
    let plain = body(stage.media.serve(&stage.token(asset.id), &Asked::default()).await.unwrap()).await;
    let files = stage.files();
    assert_eq!(files.len(), 1);
    let kept = std::fs::read(&files[0]).unwrap();
    assert!(plain.windows(16).step_by(16).all(|piece| !kept.windows(16).any(|window| window == piece)));
    let name = files[0].to_str().unwrap();
    for id in [asset.organization.uuid(), asset.workspace.uuid(), asset.id.uuid()] {
        assert!(!name.contains(&id.simple().to_string()));
    }
    assert!(!name.contains(&asset.digest.to_string()[..16]));
}

#[tokio::test]
async fn an_address_ends_when_it_expires_when_it_is_changed_and_when_the_asset_goes() {
    let stage = Stage::new();
    let asset = stage.upload(&jpeg(40, 30)).await.unwrap().asset;
    let token = stage.token(asset.id);
    let gone = |result: Result<_, MediaError>| matches!(result.map(drop), Err(MediaError::NotFound));
    let mut forged = token.clone();
    forged.replace_range(5..6, if &token[5..6] == "A" { "B" } else { "A" });
    assert!(gone(stage.media.serve(&forged, &Asked::default()).await));
    let unknown = stage.token(publishing::id::MediaId::new());
    assert!(gone(stage.media.serve(&unknown, &Asked::default()).await));
    stage.clock.advance(TimeDelta::minutes(15) - TimeDelta::seconds(1));
    assert!(!gone(stage.media.serve(&token, &Asked::default()).await));
    stage.clock.advance(TimeDelta::seconds(1));
    assert!(gone(stage.media.serve(&token, &Asked::default()).await));
    let fresh = stage.token(asset.id);
    stage.media.delete(&stage.caller, asset.id).await.unwrap();
    assert!(gone(stage.media.serve(&fresh, &Asked::default()).await));
    assert_eq!(stage.files(), Vec::<std::path::PathBuf>::new(), "the bytes went with the last asset");
}

#[tokio::test]
async fn the_same_picture_twice_is_one_asset_and_one_object() {
    let stage = Stage::new();
    let picture = jpeg(40, 30);
    let first = stage.upload(&picture).await.unwrap();
    let again = stage.upload(&picture).await.unwrap();
    assert_eq!((again.asset.id, again.is_new), (first.asset.id, false));
    // A comment makes other bytes, but not another picture.
    let commented = [&picture[..2], b"\xff\xfe\x00\x08canary", &picture[2..]].concat();
    assert_eq!(stage.upload(&commented).await.unwrap().asset.id, first.asset.id);
    let elsewhere = stage.second_workspace();
    let second = stage.media.upload(&stage.caller, new(elsewhere), piecewise(&picture)).await.unwrap();
    assert!(second.is_new && second.asset.id != first.asset.id);
    assert_eq!(stage.files().len(), 1);
    stage.media.delete(&stage.caller, first.asset.id).await.unwrap();
    assert_eq!(stage.files().len(), 1, "the other workspace still shows it");
    assert!(stage.media.serve(&stage.token(second.asset.id), &Asked::default()).await.is_ok());
}

#[tokio::test]
async fn uploads_of_the_same_picture_at_once_leave_one_object() {
    let stage = Stage::new();
    let picture = jpeg(40, 30);
    let uploads = (0..8).map(|_| stage.upload(&picture));
    let done = futures::future::join_all(uploads).await;
    let ids: Vec<_> = done.into_iter().map(|uploaded| uploaded.unwrap().asset.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(stage.files().len(), 1);
    let served = stage.media.serve(&stage.token(ids[0]), &Asked::default()).await.unwrap();
    assert!(!body(served).await.is_empty());
}

#[tokio::test]
async fn an_upload_that_fails_half_way_leaves_nothing() {
    let stage = Stage::new();
    stage.fail_storage();
    let failed = stage.upload(&jpeg(40, 30)).await;
    assert!(matches!(failed, Err(MediaError::Storage(_))), "{failed:?}");
    assert_eq!(stage.store.objects(), 0);
    assert_eq!(stage.media.list(&stage.caller, stage.workspace, Page::first(10)).await.unwrap(), []);
}

#[tokio::test]
async fn what_a_crash_left_behind_goes_with_the_next_days_sweep() {
    let stage = Stage::new();
    let asset = stage.upload(&jpeg(40, 30)).await.unwrap().asset;
    stage.store.unfinish(asset.id);
    assert_eq!(stage.media.sweep(10).await.unwrap(), 0, "it may still be on its way");
    stage.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    assert_eq!(stage.media.sweep(10).await.unwrap(), 1);
    assert_eq!((stage.files().len(), stage.store.objects()), (0, 0));
    assert_eq!(stage.media.sweep(10).await.unwrap(), 0);
}

#[tokio::test]
async fn nobody_reaches_what_is_not_theirs_or_beyond_their_scopes() {
    let stage = Stage::new();
    let asset = stage.upload(&jpeg(40, 30)).await.unwrap().asset;
    let stranger = Stage::caller_of(tenancy::OrganizationId::new());
    let mut elsewhere = stage.caller.clone();
    elsewhere.reach = Reach::Only([WorkspaceId::new()].into());
    for caller in [&stranger, &elsewhere] {
        let not_found = |result: Result<(), MediaError>| assert!(matches!(result, Err(MediaError::NotFound)));
        not_found(stage.media.get(caller, asset.id).await.map(drop));
        not_found(stage.media.open(caller, asset.id, &Asked::default()).await.map(drop));
        not_found(stage.media.describe(caller, asset.id, Some("mine")).await.map(drop));
        not_found(stage.media.delete(caller, asset.id).await);
    }
    let mut reader = stage.caller.clone();
    reader.scopes = [Scope::MediaRead].into_iter().collect();
    assert!(stage.media.get(&reader, asset.id).await.is_ok());
    assert!(matches!(stage.media.delete(&reader, asset.id).await, Err(MediaError::Denied(_))));
    let upload = stage.media.upload(&reader, new(stage.workspace), piecewise(&jpeg(8, 8))).await;
    assert!(matches!(upload, Err(MediaError::Denied(_))));
}

#[tokio::test]
async fn a_picture_is_fetched_from_an_address_whatever_its_path_ends_in() {
    let stage = Stage::new();
    stage.remote.answer(Some("image/jpeg; charset=binary"), Ok(jpeg(40, 30)));
    let url = "https://pictures.example/show.php?id=7".parse().unwrap();
    let mut named = new(stage.workspace);
    named.alt_text = Some("A cat".to_owned());
    let fetched = stage.media.upload_from(&stage.caller, named, &url).await.unwrap().asset;
    assert_eq!((fetched.kind, fetched.alt_text.as_deref()), (MediaKind::Jpeg, Some("A cat")));
    for (content_type, answer, code) in [
        (None, Err(FetchError::Refused(AddressRefusal::NotPublic)), "media_address_refused"),
        (None, Err(FetchError::Status(404)), "media_not_fetched"),
        (None, Err(FetchError::TooLarge(9)), "media_not_fetched"),
        (
            Some("text/html"),
            Ok(b"<!DOCTYPE html><title>Not found</title>".to_vec()),
            "media_type_unsupported",
        ),
        (Some("image/png"), Ok(jpeg(40, 30)), "media_type_mismatch"),
    ] {
        stage.remote.answer(content_type, answer);
        let refused = stage.media.upload_from(&stage.caller, new(stage.workspace), &url).await;
        let Err(MediaError::Refused(refusal)) = refused else { panic!("{refused:?}") };
        assert_eq!(refusal.code(), code);
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_before_the_file_is_read() {
    let stage = Stage::new();
    let mut long = new(stage.workspace);
    long.alt_text = Some("x".repeat(1_001));
    let never = futures::stream::pending().boxed();
    let refused = stage.media.upload(&stage.caller, long, never).await;
    assert!(matches!(refused, Err(MediaError::Refused(MediaRefusal::AltTextTooLong { limit: 1_000 }))));
}

#[tokio::test]
async fn a_link_is_made_for_its_purpose_alone() {
    let stage = Stage::new();
    let (asset, purpose) = (publishing::id::MediaId::new(), Uuid::new_v4());
    let until = stage.clock.now() + TimeDelta::minutes(1);
    let one = stage.links.link(asset, purpose, until);
    let other = stage.links.link(asset, Uuid::new_v4(), until);
    assert_ne!(one, other);
    assert_eq!(Path::new(one.path()).parent(), Some(Path::new("/media")));
}
