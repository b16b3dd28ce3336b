//! Uploads under an idempotency key: the same file gets the first answer, another one is refused.

use std::sync::{Arc, Mutex};

use api::{
    publish,
    request::{
        Tokens,
        idempotency::{Claim, Claimed, Fence, IdempotencyStore, Recorded, Unavailable},
    },
    resource::{MediaResource, WorkspacesResource},
    traffic::frame,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use poem::{EndpointExt, endpoint::BoxEndpoint, test::TestClient};
use publishing::{
    id::{self, MediaId},
    media::{
        Digest, Media, MediaAsset, MediaKind, MediaRefusal,
        fetch::{FetchError, Fetched, RemoteFetch},
        inspector::{Declared, Incoming, InspectError, Inspected, Inspector, Spooled},
        links::{Grant, MediaGrants, MediaLinks},
        storage::{ContentKey, MediaStorage, MediaStream, ObjectName, StorageError},
        store::{Deletion, Kept, MediaKeys, MediaObject, MediaStore, Readable},
    },
};
use secrecy::ExposeSecret;
use sha2::{Digest as _, Sha256};
use tenancy::{
    OrganizationId, Page, Scope, StoreError, WorkspaceId,
    sealing::WrappedKey,
    testing::{MemoryKeys, grant},
};
use url::Url;
use uuid::Uuid;

use crate::support::{Answered, Api};

/// Assets whose bytes are always there already.
struct Shelf {
    keys: Arc<MemoryKeys>,
    assets: Mutex<Vec<MediaAsset>>,
}

#[async_trait]
impl MediaStore for Shelf {
    async fn has_workspace(&self, _: OrganizationId, _: WorkspaceId) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn keys(&self, _: OrganizationId) -> Result<Option<MediaKeys>, StoreError> {
        Ok(None)
    }
    async fn save_key(&self, _: OrganizationId, key: &WrappedKey) -> Result<WrappedKey, StoreError> {
        Ok(key.clone())
    }
    async fn keep_known(&self, asset: &MediaAsset, fence: Option<Fence>) -> Result<Option<Kept>, StoreError> {
        self.keys.made(fence, asset.id.uuid())?;
        self.assets.lock().unwrap().push(asset.clone());
        Ok(Some(Kept { asset: asset.clone(), is_new: true }))
    }
    async fn announce(&self, _: &MediaObject) -> Result<(), StoreError> {
        Ok(())
    }
    async fn keep(&self, asset: &MediaAsset, _: Uuid, _: Option<Fence>) -> Result<Kept, StoreError> {
        Ok(Kept { asset: asset.clone(), is_new: true })
    }
    async fn get(&self, _: OrganizationId, id: MediaId) -> Result<Option<MediaAsset>, StoreError> {
        Ok(self.assets.lock().unwrap().iter().find(|asset| asset.id == id).cloned())
    }
    async fn assets(
        &self,
        _: OrganizationId,
        _: WorkspaceId,
        _: &[MediaId],
    ) -> Result<Vec<MediaAsset>, StoreError> {
        Ok(Vec::new())
    }
    async fn list(
        &self,
        _: OrganizationId,
        workspace: WorkspaceId,
        _: Page<id::Media>,
    ) -> Result<Vec<MediaAsset>, StoreError> {
        let assets = self.assets.lock().unwrap();
        Ok(assets.iter().filter(|asset| asset.workspace == workspace).cloned().collect())
    }
    async fn describe(
        &self,
        _: OrganizationId,
        _: MediaId,
        _: Option<&str>,
    ) -> Result<Option<MediaAsset>, StoreError> {
        Ok(None)
    }
    async fn readable(&self, _: MediaId) -> Result<Option<Readable>, StoreError> {
        Ok(None)
    }
    async fn delete(&self, _: OrganizationId, _: MediaId) -> Result<Deletion, StoreError> {
        Ok(Deletion::NotFound)
    }
    async fn abandoned(&self, _: DateTime<Utc>, _: u32) -> Result<Vec<MediaObject>, StoreError> {
        Ok(Vec::new())
    }
    async fn doom(&self, _: Uuid) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn forget(&self, _: Uuid) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Takes anything that does not say that it is bad, and everything else of media, doing nothing.
struct Nothing;

impl Spooled for Nothing {
    fn read(&self) -> Result<MediaStream, InspectError> {
        Err(InspectError::Interrupted)
    }
}

#[async_trait]
impl Inspector for Nothing {
    async fn inspect(&self, _: &Declared, incoming: Incoming) -> Result<Inspected, InspectError> {
        let chunks: Vec<_> = incoming.try_collect().await.map_err(|_| InspectError::Interrupted)?;
        let bytes = chunks.concat();
        if bytes == b"bad" {
            return Err(MediaRefusal::AltTextNotText.into());
        }
        let digest = Digest(Sha256::digest(&bytes).into());
        let (kind, bytes, spooled) = (MediaKind::Jpeg, bytes.len() as u64, Box::new(Self));
        Ok(Inspected { kind, width: 1, height: 1, duration: None, bytes, digest, spooled })
    }
    fn largest(&self) -> u64 {
        1
    }
}

#[async_trait]
impl MediaStorage for Nothing {
    fn new_key(&self) -> ContentKey {
        ContentKey::new([0; 32])
    }
    async fn put(&self, _: &ObjectName, _: &ContentKey, _: MediaStream, _: u64) -> Result<(), StorageError> {
        Ok(())
    }
    async fn read(
        &self,
        _: &ObjectName,
        _: &ContentKey,
        _: u64,
        _: std::ops::Range<u64>,
    ) -> Result<MediaStream, StorageError> {
        Err(StorageError::Missing)
    }
    async fn delete(&self, _: &ObjectName) -> Result<(), StorageError> {
        Ok(())
    }
}

#[async_trait]
impl RemoteFetch for Nothing {
    async fn fetch(&self, _: &Url, _: u64) -> Result<Fetched, FetchError> {
        Err(FetchError::Unreachable)
    }
}

impl MediaGrants for Nothing {
    fn read(&self, _: &str) -> Option<Grant> {
        None
    }
}

impl MediaLinks for Nothing {
    fn link(&self, asset: MediaId, _: Uuid, _: DateTime<Utc>) -> Url {
        format!("https://p.example/{asset}").parse().unwrap()
    }
}

/// Keys of which no answer is kept, as if the server died each time before it answered.
struct Dying(Arc<MemoryKeys>);

#[async_trait]
impl IdempotencyStore for Dying {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        self.0.claim(claim).await
    }
    async fn renew(&self, claim: &Claim) -> Result<bool, Unavailable> {
        self.0.renew(claim).await
    }
    async fn keep(&self, _: &Claim, _: &Recorded) -> Result<(), Unavailable> {
        Ok(())
    }
    async fn release(&self, claim: &Claim) -> Result<bool, Unavailable> {
        self.0.release(claim).await
    }
}

struct Desk {
    api: Api,
    client: TestClient<BoxEndpoint<'static>>,
    shelf: Arc<Shelf>,
    token: String,
    workspace: String,
}

impl Desk {
    async fn new(keeps_answers: bool) -> Self {
        let api = Api::new();
        let (world, settings) = (&api.world, &api.settings);
        let keys = world.store.keys.clone();
        let shelf = Arc::new(Shelf { keys: keys.clone(), assets: Mutex::default() });
        let media = Media {
            store: shelf.clone(),
            storage: Arc::new(Nothing),
            inspector: Arc::new(Nothing),
            remote: Arc::new(Nothing),
            grants: Arc::new(Nothing),
            vault: world.vault.clone(),
            clock: world.clock.clone(),
        };
        let authenticate =
            Arc::new(Tokens { authenticator: world.authenticator(), api_keys: world.api_keys() });
        let store: Arc<dyn IdempotencyStore> = if keeps_answers { keys } else { Arc::new(Dying(keys)) };
        let cursors = settings.cursors.clone();
        let resources = (
            WorkspacesResource { organizations: world.organizations(), cursors: cursors.clone() },
            MediaResource { media: Arc::new(media), links: Arc::new(Nothing), cursors },
        );
        let routes = publish(resources, settings.gate(authenticate.clone(), store));
        let client = TestClient::new(frame(settings.frame(authenticate), routes).boxed());
        let token = api.member("ada@example.org").await;
        let mut desk = Self { api, client, shelf, token, workspace: String::new() };
        let workspaces = desk.get("/v1/workspaces").await.body;
        desk.workspace = workspaces["data"][0]["id"].as_str().unwrap().to_owned();
        desk
    }

    async fn get(&self, path: &str) -> Answered {
        let token = format!("Bearer {}", self.token);
        Answered::read(self.client.get(path).header("authorization", token).send().await).await
    }

    /// Uploads under the one key. The body does not say how long it is.
    async fn upload(&self, name: &str, alt_text: &str, file: &str) -> Answered {
        let boundary = Uuid::new_v4().simple().to_string();
        let part = |head: &str, content: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        };
        let body = [
            part("name=\"workspace_id\"", &self.workspace),
            part("name=\"alt_text\"", alt_text),
            part(&format!("name=\"file\"; filename=\"{name}\""), file),
            format!("--{boundary}--\r\n"),
        ];
        let request = self.client.post("/v1/media").header("authorization", format!("Bearer {}", self.token));
        let request = request.header("idempotency-key", "the only one");
        let request = request.content_type(format!("multipart/form-data; boundary={boundary}"));
        Answered::read(request.body(body.concat()).send().await).await
    }
}

#[tokio::test]
async fn the_same_upload_gets_the_first_answer_and_any_other_is_refused() {
    for keeps_answers in [true, false] {
        let desk = Desk::new(keeps_answers).await;
        let first = desk.upload("cat.jpg", "A cat", "picture").await;
        assert_eq!(first.status, 201, "{}", first.body);
        let again = desk.upload("cat.jpg", "A cat", "picture").await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.headers["location"], first.headers["location"]);
        assert_eq!(again.headers["idempotency-replayed"], "true");
        for (name, alt_text, file) in [
            ("cat.jpg", "A cat", "pictura"),
            ("cat.jpg", "A cat", "bad"),
            ("cat.jpg", "A dog", "picture"),
            ("dog.jpg", "A cat", "picture"),
        ] {
            let other = desk.upload(name, alt_text, file).await;
            assert_eq!(
                (other.status, other.code()),
                (422, "idempotency_mismatch"),
                "{name} {alt_text} {file}"
            );
        }
        assert_eq!(desk.shelf.assets.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_workspace_out_of_reach_has_no_media_as_one_that_does_not_exist() {
    let mut desk = Desk::new(true).await;
    desk.upload("cat.jpg", "A cat", "picture").await;
    let path = format!("/v1/media?workspace_id={}", desk.workspace);
    let count = |answer: &Answered| answer.body["data"].as_array().map(Vec::len);
    assert_eq!(count(&desk.get(&path).await), Some(1));
    let caller = desk.api.world.authenticator().authenticate(&desk.token).await.unwrap().caller;
    let request =
        desk.client.post("/v1/workspaces").header("authorization", format!("Bearer {}", desk.token));
    let body = r#"{"name": "Elsewhere", "time_zone": "UTC"}"#;
    let made = Answered::read(request.content_type("application/json").body(body).send().await).await;
    let limited = tenancy::api_key::Grant {
        workspaces: Some([made.body["id"].as_str().unwrap().parse().unwrap()].into()),
        ..grant([Scope::MediaRead])
    };
    let granted = desk.api.world.api_keys().grant(&caller, limited).await.unwrap();
    desk.token = granted.secret.expose_secret().to_owned();
    let answer = desk.get(&path).await;
    assert_eq!((answer.status, count(&answer)), (200, Some(0)), "{}", answer.body);
}
