//! Media: the same bytes once, objects that outlive nobody, and nothing across tenants.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use postgres::{Pool, media::PgMediaStore};
use publishing::{
    id::MediaId,
    media::{
        Digest, MediaAsset, MediaKind,
        storage::ObjectName,
        store::{Deletion, MediaObject, MediaStore},
    },
};
use tenancy::{
    OrganizationId, Page, StoreError, WorkspaceId,
    idempotency::Fence,
    sealing::{Sealed, WrappedKey},
};
use uuid::Uuid;

use crate::support;

/// An organization with two workspaces.
struct Stage {
    store: PgMediaStore,
    pool: Pool,
    organization: OrganizationId,
    workspace: WorkspaceId,
    second: WorkspaceId,
}

impl Stage {
    async fn set() -> Self {
        let pool = support::migrated_pool().await;
        Self::on(pool).await
    }

    async fn on(pool: Pool) -> Self {
        let stage = Self {
            store: PgMediaStore::new(pool.clone()),
            pool,
            organization: OrganizationId::new(),
            workspace: WorkspaceId::new(),
            second: WorkspaceId::new(),
        };
        let (o, w, s) = (stage.organization.uuid(), stage.workspace.uuid(), stage.second.uuid());
        stage
            .run(&format!(
                "INSERT INTO organizations (id, name) VALUES ('{o}', 'o');
                 INSERT INTO organization_keys (id, organization_id, ring_version, wrapped) VALUES ('{o}', '{o}', 7, 'wrapped');
                 INSERT INTO workspaces (id, organization_id, name, time_zone, late_minutes)
                     VALUES ('{w}', '{o}', 'w', 'UTC', 60), ('{s}', '{o}', 's', 'UTC', 60);"
            ))
            .await;
        stage
    }

    async fn run(&self, sql: &str) {
        self.pool.get().await.unwrap().batch_execute(sql).await.unwrap();
    }

    fn asset(&self, digest: u8) -> MediaAsset {
        MediaAsset {
            id: MediaId::new(),
            organization: self.organization,
            workspace: self.workspace,
            digest: Digest([digest; 32]),
            kind: MediaKind::Mp4,
            width: 640,
            height: 360,
            duration: Some(Duration::from_millis(2_500)),
            bytes: 1_000,
            alt_text: Some("a cat".to_owned()),
            filename: Some("cat.mp4".to_owned()),
            created_at: now(),
        }
    }

    fn object(&self, digest: u8) -> MediaObject {
        let id = Uuid::new_v4();
        MediaObject {
            id,
            organization: self.organization,
            name: ObjectName::new([1; 32], id),
            digest: Digest([digest; 32]),
            bytes: 1_000,
            content_key: Sealed(vec![1, 2, 3]),
        }
    }

    /// An asset whose bytes nobody had before.
    async fn kept(&self, digest: u8) -> (MediaAsset, MediaObject) {
        let (asset, object) = (self.asset(digest), self.object(digest));
        self.store.announce(&object).await.unwrap();
        let kept = self.store.keep(&asset, object.id, None).await.unwrap();
        assert!(kept.is_new);
        assert_eq!(kept.asset, asset);
        (asset, object)
    }
}

/// As precise as the database.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

fn key() -> WrappedKey {
    WrappedKey { id: Uuid::new_v4(), ring_version: None, bytes: vec![4; 72] }
}

#[tokio::test]
async fn an_asset_reads_back_as_it_was_kept() {
    let stage = Stage::set().await;
    let (asset, object) = stage.kept(1).await;
    assert_eq!(stage.store.get(stage.organization, asset.id).await.unwrap().as_ref(), Some(&asset));
    assert!(stage.store.readable(asset.id).await.unwrap().is_none(), "there is no media key yet");
    stage.store.save_key(stage.organization, &key()).await.unwrap();
    let readable = stage.store.readable(asset.id).await.unwrap().unwrap();
    assert_eq!(readable.asset, asset);
    assert_eq!((readable.object.name, readable.object.content_key), (object.name, object.content_key));
    let described = stage.store.describe(stage.organization, asset.id, None).await.unwrap().unwrap();
    assert_eq!(described.alt_text, None);
}

#[tokio::test]
async fn the_first_media_key_stays() {
    let stage = Stage::set().await;
    assert!(stage.store.keys(OrganizationId::new()).await.unwrap().is_none());
    assert_eq!(stage.store.keys(stage.organization).await.unwrap().unwrap().data, None);
    let first = key();
    assert_eq!(stage.store.save_key(stage.organization, &first).await.unwrap(), first);
    assert_eq!(stage.store.save_key(stage.organization, &key()).await.unwrap(), first);
    let keys = stage.store.keys(stage.organization).await.unwrap().unwrap();
    assert_eq!((keys.data, keys.organization.ring_version), (Some(first), Some(7)));
}

#[tokio::test]
async fn the_same_bytes_are_the_same_asset_and_share_an_object_across_workspaces() {
    let stage = Stage::set().await;
    assert_eq!(stage.store.keep_known(&stage.asset(1), None).await.unwrap(), None);
    let (first, _) = stage.kept(1).await;
    let again = stage.store.keep_known(&stage.asset(1), None).await.unwrap().unwrap();
    assert_eq!((again.asset.id, again.is_new), (first.id, false));
    let elsewhere = MediaAsset { workspace: stage.second, ..stage.asset(1) };
    let shared = stage.store.keep_known(&elsewhere, None).await.unwrap().unwrap();
    assert_eq!((shared.asset.id, shared.is_new), (elsewhere.id, true));
    let Deletion::Done = stage.store.delete(stage.organization, first.id).await.unwrap() else {
        panic!("the second asset still needs the object")
    };
    assert!(matches!(
        stage.store.delete(stage.organization, elsewhere.id).await.unwrap(),
        Deletion::DoneWith(_)
    ));
}

#[tokio::test]
async fn the_same_bytes_again_bring_an_alternative_text_only_where_there_is_none() {
    let stage = Stage::set().await;
    let (first, _) = stage.kept(1).await;
    let with = |text: Option<&str>| MediaAsset { alt_text: text.map(str::to_owned), ..stage.asset(1) };
    let again = async |text| stage.store.keep_known(&with(text), None).await.unwrap().unwrap().asset;
    assert_eq!(again(Some("Another")).await.alt_text, first.alt_text);
    stage.store.describe(stage.organization, first.id, None).await.unwrap();
    assert_eq!(again(None).await.alt_text, None);
    assert_eq!(again(Some("A text at last")).await.alt_text.as_deref(), Some("A text at last"));
    assert_eq!(again(Some("Another")).await.alt_text.as_deref(), Some("A text at last"));
    let kept = stage.store.get(stage.organization, first.id).await.unwrap().unwrap();
    assert_eq!((kept.id, kept.alt_text.as_deref()), (first.id, Some("A text at last")));
}

#[tokio::test]
async fn of_two_uploads_of_the_same_bytes_one_object_stays_and_the_other_is_doomed() {
    let stage = Stage::set().await;
    let stage = Arc::new(stage);
    let uploads = (0..8).map(|_| {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let (asset, object) = (stage.asset(1), stage.object(1));
            stage.store.announce(&object).await.unwrap();
            let kept = stage.store.keep(&asset, object.id, None).await.unwrap();
            (kept, stage.store.doom(object.id).await.unwrap())
        })
    });
    let results = futures::future::join_all(uploads).await;
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.iter().filter(|(kept, _)| kept.is_new).count(), 1);
    assert!(results.iter().all(|(kept, doomed)| kept.is_new != *doomed));
    assert!(results.iter().all(|(kept, _)| kept.asset.id == results[0].0.asset.id));
    assert_eq!(stage.store.abandoned(now(), 100).await.unwrap().len(), 7);
}

#[tokio::test]
async fn bytes_that_are_being_deleted_are_not_shared_any_more() {
    let stage = Stage::set().await;
    let (asset, object) = stage.kept(1).await;
    let Deletion::DoneWith(doomed) = stage.store.delete(stage.organization, asset.id).await.unwrap() else {
        panic!("nobody else needs the object")
    };
    assert_eq!(doomed.id, object.id);
    assert_eq!(stage.store.keep_known(&stage.asset(1), None).await.unwrap(), None);
    let (_, fresh) = stage.kept(1).await;
    stage.store.forget(fresh.id).await.unwrap();
    assert!(!stage.store.doom(fresh.id).await.unwrap(), "an object in use is neither doomed nor forgotten");
    assert_eq!(stage.store.abandoned(now(), 100).await.unwrap().len(), 1);
    stage.store.forget(object.id).await.unwrap();
    assert_eq!(stage.store.abandoned(now(), 100).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_deleted_asset_leaves_nothing_that_people_wrote() {
    let stage = Stage::set().await;
    let (asset, _) = stage.kept(1).await;
    stage.store.delete(stage.organization, asset.id).await.unwrap();
    assert!(matches!(stage.store.delete(stage.organization, asset.id).await.unwrap(), Deletion::NotFound));
    assert_eq!(stage.store.get(stage.organization, asset.id).await.unwrap(), None);
    assert!(stage.store.readable(asset.id).await.unwrap().is_none());
    stage.run("DO $$ BEGIN ASSERT (SELECT count(*) FROM media_assets WHERE alt_text IS NULL AND filename IS NULL) = 1; END $$").await;
}

#[tokio::test]
async fn an_upload_that_a_sweep_counted_as_lost_is_told_so() {
    let stage = Stage::set().await;
    let object = stage.object(1);
    stage.store.announce(&object).await.unwrap();
    assert_eq!(stage.store.abandoned(now() - TimeDelta::days(1), 100).await.unwrap().len(), 0);
    assert_eq!(stage.store.abandoned(now() + TimeDelta::seconds(1), 100).await.unwrap().len(), 1);
    assert!(stage.store.doom(object.id).await.unwrap());
    let late = stage.store.keep(&stage.asset(1), object.id, None).await;
    assert_eq!(late, Err(StoreError::Conflict("media_objects.state".to_owned())));
}

#[tokio::test]
async fn nothing_is_kept_under_an_idempotency_key_that_another_request_has() {
    let stage = Stage::set().await;
    let (known, _) = stage.kept(1).await;
    let lost = Some(Fence(Uuid::new_v4()));
    let elsewhere = MediaAsset { workspace: stage.second, ..stage.asset(1) };
    assert!(matches!(stage.store.keep_known(&elsewhere, lost).await, Err(StoreError::Conflict(_))));
    let (fresh, object) = (stage.asset(2), stage.object(2));
    assert_eq!(stage.store.keep_known(&fresh, lost).await, Ok(None));
    stage.store.announce(&object).await.unwrap();
    assert!(matches!(stage.store.keep(&fresh, object.id, lost).await, Err(StoreError::Conflict(_))));
    for id in [elsewhere.id, fresh.id] {
        assert_eq!(stage.store.get(stage.organization, id).await.unwrap(), None);
    }
    assert!(stage.store.doom(object.id).await.unwrap(), "the bytes are needed by nobody");
    assert!(stage.store.get(stage.organization, known.id).await.unwrap().is_some());
}

#[tokio::test]
async fn lists_are_newest_first_and_go_on_where_they_ended() {
    let stage = Stage::set().await;
    let mut ids = Vec::new();
    for digest in 0..5 {
        ids.push(stage.kept(digest).await.0.id);
    }
    ids.reverse();
    let mut seen: Vec<MediaId> = Vec::new();
    let mut after = None;
    loop {
        let page = Page { after, limit: 2 };
        let found = stage.store.list(stage.organization, stage.workspace, page).await.unwrap();
        let Some(last) = found.last() else { break };
        after = Some(last.id);
        seen.extend(found.iter().map(|asset| asset.id));
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn no_other_organization_or_workspace_sees_an_asset() {
    let stage = Stage::set().await;
    let other = Stage::on(stage.pool.clone()).await;
    let (asset, _) = stage.kept(1).await;
    assert_eq!(other.store.get(other.organization, asset.id).await.unwrap(), None);
    assert_eq!(other.store.describe(other.organization, asset.id, None).await.unwrap(), None);
    assert!(matches!(other.store.delete(other.organization, asset.id).await.unwrap(), Deletion::NotFound));
    assert_eq!(
        other.store.keep_known(&other.asset(1), None).await.unwrap(),
        None,
        "bytes are not shared between tenants"
    );
    let page = Page::first(10);
    for (organization, workspace) in [
        (other.organization, stage.workspace),
        (other.organization, other.workspace),
        (stage.organization, stage.second),
    ] {
        assert_eq!(stage.store.list(organization, workspace, page).await.unwrap(), []);
        assert_eq!(stage.store.assets(organization, workspace, &[asset.id]).await.unwrap(), []);
    }
    let found =
        stage.store.assets(stage.organization, stage.workspace, &[asset.id, MediaId::new()]).await.unwrap();
    assert_eq!(found, [asset]);
}

#[tokio::test]
async fn an_asset_that_a_waiting_publication_carries_cannot_be_deleted() {
    let stage = Stage::set().await;
    let (asset, _) = stage.kept(1).await;
    let (o, w, id) = (stage.organization.uuid(), stage.workspace.uuid(), asset.id);
    let hash = "decode(repeat('00', 32), 'hex')";
    // The publication stands alone: what it refers to is not what this is about.
    stage
        .run(&format!(
            "SET session_replication_role = replica;
             INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at,
                 deadline_at, next_step_at, content, content_hash, approval_id)
             VALUES ('{o}', '{o}', '{w}', '{o}', '{o}', 'facebook', '1', now(), now(), now(),
                 '{{\"caption\": \"\", \"pictures\": [{{\"media\": \"{id}\", \"digest\": \"00\"}}]}}', {hash}, '{o}');
             SET session_replication_role = origin;"
        ))
        .await;
    assert!(matches!(stage.store.delete(stage.organization, id).await.unwrap(), Deletion::InUse));
    assert!(stage.store.get(stage.organization, id).await.unwrap().is_some());
    stage.run("UPDATE publications SET state = 'cancelled', next_step_at = NULL").await;
    assert!(matches!(stage.store.delete(stage.organization, id).await.unwrap(), Deletion::DoneWith(_)));
}
