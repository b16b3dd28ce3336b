//! A media store that remembers. It keeps the promises of the port, not those of a database.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use publishing::{
    id::{self, MediaId},
    media::{
        MediaAsset,
        store::{Deletion, Kept, MediaKeys, MediaObject, MediaStore, Readable},
    },
};
use tenancy::{
    OrganizationId, Page, StoreError, WorkspaceId,
    idempotency::Fence,
    sealing::{KeyChain, WrappedKey},
};
use uuid::Uuid;

use crate::stage::Hands;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Storing,
    Stored,
    Doomed,
}

struct Row {
    object: MediaObject,
    state: State,
    since: DateTime<Utc>,
}

#[derive(Default)]
struct Tables {
    key: Option<WrappedKey>,
    objects: Vec<Row>,
    assets: Vec<(MediaAsset, Uuid)>,
}

impl Tables {
    fn keep_known(&mut self, asset: &MediaAsset) -> Option<Kept> {
        let same =
            |(one, _): &&(MediaAsset, Uuid)| one.workspace == asset.workspace && one.digest == asset.digest;
        if let Some((same, _)) = self.assets.iter_mut().find(|one| same(&&**one)) {
            same.alt_text = same.alt_text.take().or_else(|| asset.alt_text.clone());
            return Some(Kept { asset: same.clone(), is_new: false });
        }
        let stored = |one: &&Row| one.state == State::Stored && one.object.digest == asset.digest;
        let object = self.objects.iter().find(stored)?.object.id;
        self.assets.push((asset.clone(), object));
        Some(Kept { asset: asset.clone(), is_new: true })
    }

    fn mark(&mut self, object: Uuid) -> Option<MediaObject> {
        let needed = self.assets.iter().any(|(_, of)| *of == object);
        let found = self.objects.iter_mut().find(|one| one.object.id == object && !needed)?;
        found.state = State::Doomed;
        Some(found.object.clone())
    }
}

/// The tables of one organization.
pub(crate) struct Memory {
    organization: OrganizationId,
    root: WrappedKey,
    clock: Arc<Hands>,
    tables: Mutex<Tables>,
}

impl Memory {
    pub(crate) fn new(organization: OrganizationId, root: WrappedKey, clock: Arc<Hands>) -> Self {
        Self { organization, root, clock, tables: Mutex::default() }
    }

    /// How many objects are known.
    pub(crate) fn objects(&self) -> usize {
        self.tables.lock().unwrap().objects.len()
    }

    /// Makes it as if the process had died between putting an object and keeping its asset.
    pub(crate) fn unfinish(&self, id: MediaId) {
        let mut tables = self.tables.lock().unwrap();
        tables.assets.retain(|(asset, _)| asset.id != id);
        tables.objects.iter_mut().for_each(|one| one.state = State::Storing);
    }
}

#[async_trait]
impl MediaStore for Memory {
    async fn has_workspace(&self, organization: OrganizationId, _: WorkspaceId) -> Result<bool, StoreError> {
        Ok(organization == self.organization)
    }

    async fn keys(&self, organization: OrganizationId) -> Result<Option<MediaKeys>, StoreError> {
        let data = self.tables.lock().unwrap().key.clone();
        Ok((organization == self.organization).then(|| MediaKeys { organization: self.root.clone(), data }))
    }

    async fn save_key(&self, _: OrganizationId, key: &WrappedKey) -> Result<WrappedKey, StoreError> {
        Ok(self.tables.lock().unwrap().key.get_or_insert_with(|| key.clone()).clone())
    }

    async fn keep_known(&self, asset: &MediaAsset, _: Option<Fence>) -> Result<Option<Kept>, StoreError> {
        Ok(self.tables.lock().unwrap().keep_known(asset))
    }

    async fn announce(&self, object: &MediaObject) -> Result<(), StoreError> {
        let row = Row { object: object.clone(), state: State::Storing, since: self.clock.now() };
        self.tables.lock().unwrap().objects.push(row);
        Ok(())
    }

    async fn keep(&self, asset: &MediaAsset, object: Uuid, _: Option<Fence>) -> Result<Kept, StoreError> {
        let mut tables = self.tables.lock().unwrap();
        if let Some(kept) = tables.keep_known(asset) {
            return Ok(kept);
        }
        let lost = || StoreError::Conflict("media_objects.state".to_owned());
        let announced = |one: &&mut Row| one.object.id == object && one.state == State::Storing;
        tables.objects.iter_mut().find(announced).ok_or_else(lost)?.state = State::Stored;
        tables.keep_known(asset).ok_or_else(lost)
    }

    async fn get(&self, organization: OrganizationId, id: MediaId) -> Result<Option<MediaAsset>, StoreError> {
        let tables = self.tables.lock().unwrap();
        let own = |asset: &&MediaAsset| asset.organization == organization && asset.id == id;
        Ok(tables.assets.iter().map(|(asset, _)| asset).find(own).cloned())
    }

    async fn assets(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        ids: &[MediaId],
    ) -> Result<Vec<MediaAsset>, StoreError> {
        let all = self.list(organization, workspace, Page::first(u16::MAX)).await?;
        Ok(all.into_iter().filter(|asset| ids.contains(&asset.id)).collect())
    }

    async fn list(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        page: Page<id::Media>,
    ) -> Result<Vec<MediaAsset>, StoreError> {
        let tables = self.tables.lock().unwrap();
        let of = |asset: &&MediaAsset| asset.organization == organization && asset.workspace == workspace;
        let mut found: Vec<_> = tables.assets.iter().map(|(asset, _)| asset).filter(of).cloned().collect();
        found.sort_by_key(|asset| std::cmp::Reverse(asset.id));
        found.retain(|asset| page.after.is_none_or(|after| asset.id < after));
        found.truncate(page.limit.into());
        Ok(found)
    }

    async fn describe(
        &self,
        organization: OrganizationId,
        id: MediaId,
        alt_text: Option<&str>,
    ) -> Result<Option<MediaAsset>, StoreError> {
        let mut tables = self.tables.lock().unwrap();
        let own = |(asset, _): &&mut (MediaAsset, Uuid)| asset.organization == organization && asset.id == id;
        let Some((asset, _)) = tables.assets.iter_mut().find(own) else { return Ok(None) };
        asset.alt_text = alt_text.map(str::to_owned);
        Ok(Some(asset.clone()))
    }

    async fn readable(&self, id: MediaId) -> Result<Option<Readable>, StoreError> {
        let tables = self.tables.lock().unwrap();
        let Some((asset, object)) = tables.assets.iter().find(|(asset, _)| asset.id == id) else {
            return Ok(None);
        };
        let object = &tables.objects.iter().find(|one| one.object.id == *object).unwrap().object;
        let Some(data) = tables.key.clone() else { return Ok(None) };
        let chain = KeyChain::Organization { organization: self.root.clone(), data };
        Ok(Some(Readable { asset: asset.clone(), object: object.clone(), chain }))
    }

    async fn delete(&self, organization: OrganizationId, id: MediaId) -> Result<Deletion, StoreError> {
        let mut tables = self.tables.lock().unwrap();
        let own = |(asset, _): &(MediaAsset, Uuid)| asset.organization == organization && asset.id == id;
        let Some(at) = tables.assets.iter().position(own) else { return Ok(Deletion::NotFound) };
        let (_, object) = tables.assets.remove(at);
        Ok(tables.mark(object).map_or(Deletion::Done, Deletion::DoneWith))
    }

    async fn abandoned(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<MediaObject>, StoreError> {
        let tables = self.tables.lock().unwrap();
        let lost = |one: &&Row| match one.state {
            State::Storing => one.since < since,
            State::Stored => false,
            State::Doomed => true,
        };
        let limit = usize::try_from(limit).unwrap();
        Ok(tables.objects.iter().filter(lost).take(limit).map(|one| one.object.clone()).collect())
    }

    async fn doom(&self, object: Uuid) -> Result<bool, StoreError> {
        Ok(self.tables.lock().unwrap().mark(object).is_some())
    }

    async fn forget(&self, object: Uuid) -> Result<(), StoreError> {
        let mut tables = self.tables.lock().unwrap();
        tables.objects.retain(|one| one.object.id != object || one.state != State::Doomed);
        Ok(())
    }
}
