//! Connections in memory, over a platform that always agrees: enough to drive the resources. What the real store does is
//! tested with the real store.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use publishing::{
    authorizer::{Authorizer, Candidate, Grant, Liveness},
    connection::{
        Attempt, Beginner, Channel, ChannelFilter, ChannelState, ChannelStore, CheckResult, CheckStore,
        CodeHash, Confirmed, Connection, ConnectionFilter, ConnectionSettings, ConnectionStore, Connections,
        Declined, Failure, Gate, KnownChannel, NewAttempt, NewConnection, PendingSelection, Provider,
        RemoteRevoke, Renewal, Returned, SealedSelection, Selection, Severed, Stage, Stale, Standing,
        StoredGrant,
    },
    id::{ChannelId, ConnectionId},
    platform::Platform,
    refusal::Refusal,
};
use secrecy::SecretString;
use tenancy::{
    Caller, OrganizationId, StoreError, WorkspaceId,
    sealing::{KeyChain, WrappedKey},
    testing::{MemoryKeys, World},
};
use url::Url;
use uuid::Uuid;

type Answer<T> = Result<T, StoreError>;

/// What every organization is called on the page that asks.
pub(crate) const ORGANIZATION: &str = "</strong><form action=//evil.example>";

/// The use cases over a memory of their own.
pub(crate) fn connections(world: &World) -> Connections {
    let memory = Arc::new(Memory { state: Mutex::default(), keys: world.store.keys.clone() });
    let authorizer: Arc<dyn Authorizer> = Arc::new(Agreeable);
    Connections {
        store: memory.clone(),
        channels: memory.clone(),
        checks: memory,
        vault: world.vault.clone(),
        clock: world.clock.clone(),
        random: world.random.clone(),
        authorizers: BTreeMap::from([(Provider::Meta, authorizer)]),
        settings: ConnectionSettings {
            callback: "https://postern.example/v1/connections/callback".parse().unwrap(),
            return_origins: vec!["https://app.example".into()],
            policy_version: "2026-01".into(),
        },
    }
}

/// Grants everything and takes everything back.
struct Agreeable;

#[async_trait]
impl Authorizer for Agreeable {
    fn scopes(&self) -> Vec<String> {
        vec![]
    }

    fn authorize_url(&self, state: &str, _: &Url) -> Url {
        Url::parse_with_params("https://platform.example/dialog", [("state", state)]).unwrap()
    }

    async fn exchange(&self, _: &SecretString, _: &Url) -> Result<Grant, Refusal> {
        Ok(Grant {
            remote_person: "dana".into(),
            token: "canary-person".into(),
            expires_at: None,
            data_access_expires_at: None,
            granted: vec!["pages_show_list".into()],
            declined: vec![],
        })
    }

    async fn candidates(&self, _: &Grant) -> Result<Vec<Candidate>, Refusal> {
        let page = Candidate {
            platform: Platform::Facebook,
            remote_id: "101".into(),
            name: "Harbour Coffee".into(),
            username: None,
            picture_url: None,
            token: "canary-channel".into(),
            expires_at: None,
            can_publish: true,
        };
        let hostile = Candidate {
            platform: Platform::Instagram,
            remote_id: "17".into(),
            name: "<script>alert('page')</script>".into(),
            username: Some("\"><img src=x>".into()),
            ..page.clone()
        };
        Ok(vec![page, hostile])
    }

    async fn liveness(&self, _: &SecretString) -> Result<Liveness, Refusal> {
        unimplemented!("no resource checks tokens")
    }

    async fn refresh(&self, _: &SecretString) -> Result<Grant, Refusal> {
        unimplemented!("no resource extends tokens")
    }

    async fn revoke(&self, _: &str, _: &SecretString) -> Result<(), Refusal> {
        Ok(())
    }
}

#[derive(Default)]
struct State {
    connections: BTreeMap<ConnectionId, Connection>,
    codes: HashMap<[u8; 32], Uuid>,
    spent: HashSet<[u8; 32]>,
    pending: HashMap<Uuid, PendingSelection>,
    channels: BTreeMap<ChannelId, Channel>,
}

impl State {
    fn by_attempt(&mut self, id: Uuid) -> Option<&mut Connection> {
        self.connections.values_mut().find(|c| c.attempt.as_ref().is_some_and(|a| a.id == id))
    }

    fn attempt(&mut self, id: Uuid) -> Option<&mut Attempt> {
        self.by_attempt(id)?.attempt.as_mut()
    }

    /// Uses up a code of the browser and moves its login on.
    fn open(&mut self, code: CodeHash, now: DateTime<Utc>, stage: Stage) -> Result<Returned, Stale> {
        let Some(id) = self.codes.remove(&code.0) else {
            return Err(if self.spent.contains(&code.0) { Stale::Used } else { Stale::Unknown });
        };
        self.spent.insert(code.0);
        let connection = self.by_attempt(id).ok_or(Stale::Unknown)?;
        let attempt = connection.attempt.as_mut().filter(|a| a.is_open(now)).ok_or(Stale::Expired)?;
        attempt.stage = stage;
        let (begun_by, return_url) = (attempt.begun_by, attempt.return_url.clone());
        Ok(Returned {
            attempt: id,
            connection: connection.id,
            organization: connection.organization,
            organization_name: ORGANIZATION.into(),
            workspace_name: "Tea & \"scones\"".into(),
            provider: connection.provider,
            begun_by,
            return_url,
        })
    }

    fn begin(&mut self, id: ConnectionId, new: &NewAttempt) -> bool {
        self.codes.insert(new.state.0, new.id);
        let attempt = Attempt {
            id: new.id,
            stage: Stage::AwaitingPerson,
            begun_by: new.begun_by,
            expires_at: new.expires_at,
            return_url: new.return_url.clone(),
        };
        self.connections.get_mut(&id).map(|c| c.attempt = Some(attempt)).is_some()
    }
}

struct Memory {
    state: Mutex<State>,
    keys: Arc<MemoryKeys>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn organization() -> WrappedKey {
    WrappedKey { id: Uuid::nil(), ring_version: Some(1), bytes: vec![1] }
}

#[async_trait]
impl ConnectionStore for Memory {
    async fn begin(&self, new: &NewConnection, attempt: &NewAttempt) -> Answer<bool> {
        let connection = Connection {
            id: new.id,
            organization: new.organization,
            workspace: new.workspace,
            provider: new.provider,
            standing: Standing::New,
            attempt: None,
            granted: vec![],
            declined: vec![],
            expires_at: None,
            data_access_expires_at: None,
            remote_revoke: None,
            created_at: attempt.expires_at,
        };
        self.keys.made(new.fence, new.id.uuid())?;
        self.state().connections.insert(new.id, connection);
        Ok(self.state().begin(new.id, attempt))
    }

    async fn begin_again(&self, _: OrganizationId, id: ConnectionId, attempt: &NewAttempt) -> Answer<bool> {
        Ok(self.state().begin(id, attempt))
    }

    async fn connection(&self, owner: OrganizationId, id: ConnectionId) -> Answer<Option<Connection>> {
        Ok(self.state().connections.get(&id).filter(|c| c.organization == owner).cloned())
    }

    async fn connections(&self, caller: &Caller, filter: &ConnectionFilter) -> Answer<Vec<Connection>> {
        let state = self.state();
        let older = |c: &&Connection| filter.after.is_none_or(|after| c.id < after);
        let mine = state.connections.values().rev().filter(|c| c.organization == caller.organization);
        Ok(mine.filter(older).take(filter.limit).cloned().collect())
    }

    async fn consume_state(&self, code: CodeHash, now: DateTime<Utc>) -> Answer<Result<Returned, Stale>> {
        Ok(self.state().open(code, now, Stage::Exchanging))
    }

    async fn confirm(
        &self,
        nonce: CodeHash,
        completion: CodeHash,
        now: DateTime<Utc>,
    ) -> Answer<Result<Confirmed, Stale>> {
        let mut state = self.state();
        let opened = state.open(nonce, now, Stage::AwaitingCompletion);
        Ok(opened.map(|opened| {
            state.codes.insert(completion.0, opened.attempt);
            Confirmed { connection: opened.connection, return_url: opened.return_url }
        }))
    }

    async fn decline(&self, nonce: CodeHash) -> Answer<Result<Declined, Stale>> {
        let mut state = self.state();
        let opened = state.open(nonce, DateTime::UNIX_EPOCH, Stage::Failed(Failure::Declined));
        Ok(opened.map(|opened| {
            state.pending.remove(&opened.attempt);
            let Returned { connection, organization, provider, return_url, .. } = opened;
            let severed = Severed { connection, organization, provider, grant: None, pending: None };
            Declined { severed, return_url }
        }))
    }

    async fn fail(&self, attempt: Uuid, failure: Failure) -> Answer<()> {
        if let Some(a) = self.state().attempt(attempt) {
            a.stage = Stage::Failed(failure);
        }
        Ok(())
    }

    async fn save_pending(&self, attempt: Uuid, pending: &PendingSelection) -> Answer<bool> {
        let mut memory = self.state();
        let (code, stage) = match pending.gate {
            Gate::Confirmation(nonce) => (nonce, Stage::AwaitingConfirmation),
            Gate::Completion(code) => (code, Stage::AwaitingCompletion),
        };
        memory.codes.insert(code.0, attempt);
        memory.pending.insert(attempt, pending.clone());
        Ok(memory.attempt(attempt).map(|a| a.stage = stage).is_some())
    }

    async fn complete(&self, attempt: Uuid, _: Beginner, code: CodeHash, _: DateTime<Utc>) -> Answer<bool> {
        let mut state = self.state();
        if state.codes.remove(&code.0) != Some(attempt) {
            return Ok(false);
        }
        Ok(state.attempt(attempt).map(|a| a.stage = Stage::AwaitingSelection).is_some())
    }

    async fn pending(&self, attempt: Uuid, _: DateTime<Utc>) -> Answer<Option<SealedSelection>> {
        let open = |p: &PendingSelection| SealedSelection {
            attempt,
            chain: KeyChain::Organization { organization: organization(), data: p.secret.key.clone() },
            sealed: p.secret.sealed.clone(),
        };
        Ok(self.state().pending.get(&attempt).map(open))
    }

    async fn organization_key(&self, _: OrganizationId) -> Answer<WrappedKey> {
        Ok(organization())
    }

    async fn known_channels(&self, _: OrganizationId, _: WorkspaceId) -> Answer<Vec<KnownChannel>> {
        Ok(vec![])
    }

    async fn connect(&self, selection: &Selection) -> Answer<()> {
        self.keys.made(selection.fence, selection.connection.uuid())?;
        let mut state = self.state();
        let connection = state.connections.get_mut(&selection.connection).unwrap();
        (connection.standing, connection.attempt) = (Standing::Connected, None);
        connection.granted.clone_from(&selection.granted);
        for chosen in &selection.channels {
            let channel = Channel {
                id: chosen.id,
                organization: selection.organization,
                workspace: selection.workspace,
                connection: Some(selection.connection),
                platform: chosen.platform,
                remote_id: chosen.remote_id.clone(),
                name: chosen.name.clone(),
                username: None,
                picture_url: None,
                state: ChannelState::Connected,
                problem: None,
                granted: selection.granted.clone(),
                missing: chosen.missing.clone(),
                expires_at: None,
                data_access_expires_at: None,
                shared: false,
                created_at: selection.issued_at,
            };
            state.channels.insert(chosen.id, channel);
        }
        Ok(())
    }

    async fn disconnect(&self, owner: OrganizationId, id: ConnectionId) -> Answer<Option<Severed>> {
        let mut state = self.state();
        for channel in state.channels.values_mut().filter(|c| c.connection == Some(id)) {
            (channel.state, channel.connection) = (ChannelState::Disconnected, None);
        }
        let Some(connection) = state.connections.get_mut(&id).filter(|c| c.organization == owner) else {
            return Ok(None);
        };
        connection.standing = Standing::Disconnected;
        let provider = connection.provider;
        Ok(Some(Severed { connection: id, organization: owner, provider, grant: None, pending: None }))
    }

    async fn disconnect_channel(
        &self,
        owner: OrganizationId,
        id: ChannelId,
    ) -> Answer<Option<Option<Severed>>> {
        let connection = self.state().channels.get(&id).and_then(|c| c.connection);
        match connection {
            Some(connection) => Ok(Some(self.disconnect(owner, connection).await?)),
            None => Ok(Some(None)),
        }
    }

    async fn person_in_use(&self, _: Provider, _: [u8; 32]) -> Answer<bool> {
        Ok(false)
    }

    async fn record_revoke(&self, _: ConnectionId, _: RemoteRevoke) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl ChannelStore for Memory {
    async fn channel(&self, owner: OrganizationId, id: ChannelId) -> Answer<Option<Channel>> {
        Ok(self.state().channels.get(&id).filter(|c| c.organization == owner).cloned())
    }

    async fn channels(&self, caller: &Caller, filter: &ChannelFilter) -> Answer<Vec<Channel>> {
        let fits = |c: &&Channel| {
            c.organization == caller.organization
                && filter.state.is_none_or(|state| c.state == state)
                && filter.platform.is_none_or(|platform| c.platform == platform)
        };
        Ok(self.state().channels.values().filter(fits).take(filter.limit).cloned().collect())
    }
}

#[async_trait]
impl CheckStore for Memory {
    async fn claim_checks(&self, _: u32) -> Answer<Vec<ConnectionId>> {
        Ok(vec![])
    }

    async fn grant(&self, _: ConnectionId) -> Answer<Option<StoredGrant>> {
        Ok(None)
    }

    async fn record_check(&self, _: &CheckResult) -> Answer<bool> {
        Ok(false)
    }

    async fn postpone_check(&self, _: ConnectionId, _: DateTime<Utc>) -> Answer<()> {
        Ok(())
    }

    async fn renew(&self, _: &Renewal) -> Answer<bool> {
        Ok(false)
    }

    async fn mark_connection_unauthorized(&self, _: ConnectionId, _: Uuid) -> Answer<bool> {
        Ok(false)
    }

    async fn mark_channel_unauthorized(&self, _: ChannelId, _: Option<Uuid>) -> Answer<bool> {
        Ok(false)
    }
}
