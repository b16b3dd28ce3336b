//! What validation learns: what the workspace owns, and nothing of anybody else's.

use std::time::Duration;

use publishing::{
    id::{ChannelId, MediaId},
    platform::Platform,
    post::store::{Facts, PostStore},
};
use tenancy::WorkspaceId;
use uuid::Uuid;

use crate::publications::stage::Stage;

/// A picture in a workspace.
async fn picture(stage: &Stage, workspace: WorkspaceId) -> MediaId {
    let (id, object) = (MediaId::new(), Uuid::new_v4());
    let (o, w) = (stage.caller.organization.uuid(), workspace.uuid());
    let digest = format!("sha256('{object}')");
    stage
        .run(&format!(
            "INSERT INTO media_objects (id, organization_id, name, digest, bytes, content_key_sealed, state)
                 VALUES ('{object}', '{o}', '{object}', {digest}, 1000, '', 'stored');
             INSERT INTO media_assets (id, organization_id, workspace_id, object_id, digest, kind, width, height, bytes)
                 VALUES ('{}', '{o}', '{w}', '{object}', {digest}, 'jpeg', 640, 360, 1000);",
            id.uuid()
        ))
        .await;
    id
}

async fn facts(stage: &Stage, channels: &[ChannelId], media: &[MediaId]) -> Option<Facts> {
    stage.posts.facts(stage.caller.organization, stage.workspace, channels, media).await.unwrap()
}

#[tokio::test]
async fn a_workspace_learns_about_its_own_channels_and_media() {
    let stage = Stage::set().await;
    let (channel, media) = (stage.channel().await, picture(&stage, stage.workspace).await);
    stage.run("UPDATE channels SET missing = '{pages_manage_posts}'").await;
    let facts = facts(&stage, &[channel], &[media]).await.unwrap();
    assert_eq!(facts.publish_late_by, Duration::from_hours(1));
    let known = &facts.channels[0];
    assert_eq!((known.id, known.platform, known.usable), (channel, Platform::Facebook, true));
    assert_eq!(known.missing_scopes, ["pages_manage_posts"]);
    let known = &facts.media[0];
    assert_eq!((known.id, known.content_type.as_str(), known.bytes), (media, "image/jpeg", 1_000));
    assert_eq!((known.width, known.height, known.digest.len()), (640, 360, 64));
}

#[tokio::test]
async fn a_channel_that_lost_its_connection_is_not_usable() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    for (state, connection) in [("needs_reauth", "connection_id"), ("disconnected", "NULL")] {
        stage.run(&format!("UPDATE channels SET state = '{state}', connection_id = {connection}")).await;
        assert!(!facts(&stage, &[channel], &[]).await.unwrap().channels[0].usable, "{state}");
    }
}

#[tokio::test]
async fn a_picture_that_was_deleted_is_unknown() {
    let stage = Stage::set().await;
    let media = picture(&stage, stage.workspace).await;
    stage.run("UPDATE media_assets SET deleted_at = now(), object_id = NULL").await;
    assert!(facts(&stage, &[], &[media]).await.unwrap().media.is_empty());
}

#[tokio::test]
async fn nothing_of_another_workspace_or_organization_is_known() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    let sibling = Stage { workspace: WorkspaceId::new(), ..stage.clone() };
    stage
        .run(&format!(
            "INSERT INTO workspaces (id, organization_id, name, time_zone, late_minutes) VALUES ('{}', '{}', 'Tea', 'UTC', 5)",
            sibling.workspace.uuid(),
            stage.caller.organization.uuid()
        ))
        .await;
    let channels = [sibling.channel().await, neighbour.channel().await];
    let media = [picture(&stage, sibling.workspace).await, picture(&neighbour, neighbour.workspace).await];
    let known = facts(&stage, &channels, &media).await.unwrap();
    assert!(known.channels.is_empty() && known.media.is_empty());
    let theirs = stage.posts.facts(stage.caller.organization, neighbour.workspace, &channels, &media).await;
    assert!(theirs.unwrap().is_none(), "another organization's workspace");
    let own = facts(&sibling, &channels, &media).await.unwrap();
    assert_eq!((own.channels.len(), own.media.len()), (1, 1));
}
