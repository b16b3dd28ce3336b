//! A scene for stories about connections: a real store, a platform and a vault that remember.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use postgres::{Pool, connections::PgConnectionStore, retention::PgSweep};
use publishing::{
    authorizer::{Authorizer, Candidate, Grant, Liveness},
    connection::{
        Back, Begin, CameBack, ConnectionError, ConnectionSettings, Connections, IpClass, Offer, Onward,
        Pick, Provider,
    },
    id::{ChannelId, ConnectionId},
    platform::Platform,
    refusal::{Reason, Refusal, Remedy},
};
use retention::{Sweep as _, Topic};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tenancy::{
    Actor, ApiKeyId, Caller, Clock, OrganizationId, PersonId, Reach, Role, Scopes, SessionId, WorkspaceId,
    random::Random,
    sealing::{KeyChain, Place, SealError, Sealed, Vault, WrappedKey},
};
use url::Url;
use uuid::Uuid;

use crate::support;

pub(crate) const PAGES: [&str; 3] = ["101", "102", "103"];

/// What the platform answers, and what it was told.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) person: &'static str,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) granted: Vec<&'static str>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) dead: Vec<String>,
    pub(crate) silent: bool,
    pub(crate) revoked: Vec<String>,
}

/// The platform; while somebody holds the gate, it takes its time to answer.
pub(crate) struct FakePlatform(pub(crate) Mutex<Script>, pub(crate) tokio::sync::RwLock<()>);

pub(crate) fn candidate(platform: Platform, remote_id: &str, can_publish: bool) -> Candidate {
    Candidate {
        platform,
        remote_id: remote_id.into(),
        name: format!("Channel {remote_id}"),
        username: None,
        picture_url: None,
        token: format!("canary-channel-{remote_id}").into(),
        expires_at: None,
        can_publish,
    }
}

const UNAVAILABLE: Refusal = Refusal::of(Reason::PlatformUnavailable, Remedy::Retry);

#[async_trait]
impl Authorizer for FakePlatform {
    fn scopes(&self) -> Vec<String> {
        vec![]
    }

    fn authorize_url(&self, state: &str, redirect: &Url) -> Url {
        Url::parse_with_params(
            "https://platform.example/dialog",
            [("state", state), ("to", redirect.as_str())],
        )
        .unwrap()
    }

    async fn exchange(&self, code: &SecretString, _: &Url) -> Result<Grant, Refusal> {
        let script = self.0.lock().unwrap().clone();
        if code.expose_secret() != "a code" {
            return Err(Refusal::of(Reason::Unauthorized, Remedy::GiveUp));
        }
        Ok(Grant {
            remote_person: script.person.into(),
            token: format!("canary-person-{}", script.person).into(),
            expires_at: script.expires_at,
            data_access_expires_at: None,
            granted: script.granted.iter().map(ToString::to_string).collect(),
            declined: vec![],
        })
    }

    async fn candidates(&self, _: &Grant) -> Result<Vec<Candidate>, Refusal> {
        drop(self.1.read().await);
        Ok(self.0.lock().unwrap().candidates.clone())
    }

    async fn liveness(&self, token: &SecretString) -> Result<Liveness, Refusal> {
        let script = self.0.lock().unwrap().clone();
        if script.silent {
            return Err(UNAVAILABLE);
        }
        let scopes = script.granted.iter().map(ToString::to_string).collect();
        let valid = !script.dead.contains(&token.expose_secret().to_owned());
        Ok(Liveness { valid, scopes, expires_at: script.expires_at, data_access_expires_at: None })
    }

    async fn refresh(&self, token: &SecretString) -> Result<Grant, Refusal> {
        let expires_at = self.0.lock().unwrap().expires_at.map(|at| at + TimeDelta::days(30));
        let token = format!("{}-renewed", token.expose_secret()).into();
        let (granted, declined, remote_person) = (vec![], vec![], String::new());
        Ok(Grant { remote_person, token, expires_at, data_access_expires_at: None, granted, declined })
    }

    async fn revoke(&self, _: &str, token: &SecretString) -> Result<(), Refusal> {
        let mut script = self.0.lock().unwrap();
        if script.silent {
            return Err(UNAVAILABLE);
        }
        script.revoked.push(token.expose_secret().to_owned());
        Ok(())
    }
}

/// Binds a value to its key and place, and hides it. No secret in a test needs more.
pub(crate) struct FakeVault {
    pub(crate) shut: Mutex<bool>,
}

fn mask(chain: &KeyChain, place: Place, text: &[u8]) -> Vec<u8> {
    let KeyChain::Organization { organization, data } = chain else { panic!("not under an organization") };
    let bound = format!("{}{}{}{}{}|", organization.id, data.id, place.owner, place.row, place.column);
    bound.bytes().chain(text.iter().copied()).map(|b| b ^ 0x5a).collect()
}

impl Vault for FakeVault {
    fn new_root_key(&self) -> Result<WrappedKey, SealError> {
        Ok(WrappedKey { id: Uuid::new_v4(), ring_version: Some(1), bytes: vec![1; 8] })
    }

    fn new_data_key(&self, _: &WrappedKey) -> Result<WrappedKey, SealError> {
        Ok(WrappedKey { id: Uuid::new_v4(), ring_version: None, bytes: vec![2; 8] })
    }

    fn seal(&self, chain: &KeyChain, place: Place, plain: &[u8]) -> Result<Sealed, SealError> {
        Ok(Sealed(mask(chain, place, plain)))
    }

    fn open(&self, chain: &KeyChain, place: Place, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError> {
        if *self.shut.lock().unwrap() {
            return Err(SealError::UnknownRingVersion(1));
        }
        let plain: Vec<u8> = sealed.0.iter().map(|b| b ^ 0x5a).collect();
        let bound = mask(chain, place, &[]).len();
        if sealed.0.get(..bound) != Some(&mask(chain, place, &[])[..]) {
            return Err(SealError::DoesNotOpen);
        }
        Ok(plain[bound..].to_vec().into())
    }

    fn rewrap(&self, key: &WrappedKey) -> Result<WrappedKey, SealError> {
        Ok(key.clone())
    }

    fn newest_ring_version(&self) -> i32 {
        1
    }

    fn lookup(&self, purpose: &'static str, value: &[u8]) -> [u8; 32] {
        let mut hash = [0x5a; 32];
        for (n, byte) in purpose.bytes().chain(value.iter().copied()).enumerate() {
            hash[n % 32] ^= byte.rotate_left(u32::try_from(n / 32).unwrap());
        }
        hash
    }
}

/// A clock that is set by hand.
pub(crate) struct FakeClock(pub(crate) Mutex<DateTime<Utc>>);

impl FakeClock {
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

struct Counter(AtomicU8);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

/// Everything a story needs.
pub(crate) struct Scene {
    pub(crate) pool: Pool,
    pub(crate) store: PgConnectionStore,
    pub(crate) desk: Connections,
    pub(crate) platform: Arc<FakePlatform>,
    pub(crate) vault: Arc<FakeVault>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let pool = support::migrated_pool().await;
        let store = PgConnectionStore::new(pool.clone());
        let granted = vec!["pages_show_list", "pages_read_engagement", "pages_manage_posts"];
        // Whole seconds of the present: the database's clock decides about checks.
        let now = Utc.timestamp_opt(Utc::now().timestamp(), 0).unwrap();
        let mut candidates: Vec<_> = PAGES.map(|n| candidate(Platform::Facebook, n, true)).into();
        candidates.push(candidate(Platform::Facebook, "109", false));
        let platform = Arc::new(FakePlatform(
            Mutex::new(Script {
                person: "dana",
                candidates,
                granted,
                expires_at: Some(now + TimeDelta::days(60)),
                dead: vec![],
                silent: false,
                revoked: vec![],
            }),
            tokio::sync::RwLock::new(()),
        ));
        let vault = Arc::new(FakeVault { shut: Mutex::new(false) });
        let clock = Arc::new(FakeClock(Mutex::new(now)));
        let authorizer: Arc<dyn Authorizer> = platform.clone();
        let desk = Connections {
            store: Arc::new(store.clone()),
            channels: Arc::new(store.clone()),
            checks: Arc::new(store.clone()),
            vault: vault.clone(),
            clock: clock.clone(),
            random: Arc::new(Counter(AtomicU8::new(1))),
            authorizers: BTreeMap::from([(Provider::Meta, authorizer)]),
            settings: ConnectionSettings {
                callback: "https://postern.example/v1/connections/callback".parse().unwrap(),
                return_origins: vec!["https://app.example".into()],
                policy_version: "2026-11".into(),
            },
        };
        let (caller, workspace) = organization(&pool).await;
        Self { pool, store, desk, platform, vault, clock, caller, workspace }
    }

    pub(crate) async fn run(&self, sql: &str) {
        use diesel_async::SimpleAsyncConnection;
        self.pool.get().await.unwrap().batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn count(&self, from: &str) -> i64 {
        use diesel_async::RunQueryDsl;
        let sql = format!("SELECT count(*) AS n FROM {from}");
        sql_query(sql).get_result::<Count>(&mut self.pool.get().await.unwrap()).await.unwrap().n
    }

    /// Rows of every table that holds a token or a key to one.
    pub(crate) async fn secrets(&self) -> [i64; 4] {
        [
            self.count("pending_selections").await,
            self.count("connection_keys").await,
            self.count("connection_tokens").await,
            self.count("channel_tokens").await,
        ]
    }

    /// Sweeps one topic as the timetable does; how many rows went.
    pub(crate) async fn sweep(&self, topic: Topic) -> u64 {
        let rule = retention::rule(topic).unwrap();
        let before = rule.cutoff(Utc::now()).unwrap();
        PgSweep(self.pool.clone()).sweep(rule, before, 100).await.unwrap()
    }

    pub(crate) fn wanted(&self) -> Begin {
        Begin {
            workspace: self.workspace,
            provider: Provider::Meta,
            return_url: Some("https://app.example/back".parse().unwrap()),
            caller_origins: vec![],
            fence: None,
        }
    }

    /// Begins a login; its connection and `state`.
    pub(crate) async fn begin(&self) -> (ConnectionId, String) {
        let begun = self.desk.begin(&self.caller, self.wanted()).await.unwrap();
        (begun.connection, state_of(&begun.authorize_url))
    }

    pub(crate) async fn agree(&self, state: &str) -> Result<CameBack, ConnectionError> {
        self.desk.came_back(state, Back::Code("a code".into())).await
    }

    /// Agrees in the dialog, and on the page after it where there is one; the completion code.
    pub(crate) async fn completion(&self, state: &str) -> String {
        let mut back = self.agree(state).await.unwrap();
        if let Onward::Ask(question) = back.onward {
            back = self.desk.confirm(question.nonce.expose()).await.unwrap();
        }
        match back.onward {
            Onward::Show(code) => code.expose().to_owned(),
            Onward::Go(url) => parameter(&url, "completion"),
            other => panic!("no code: {other:?}"),
        }
    }

    /// Goes on until the choice is open.
    pub(crate) async fn until_choice(&self, id: ConnectionId, state: &str) -> Vec<Offer> {
        let completion = self.completion(state).await;
        self.desk.complete(&self.caller, id, &completion).await.unwrap()
    }

    /// Connects these pages through a new connection.
    pub(crate) async fn connect(&self, pages: &[&str]) -> (ConnectionId, Vec<ChannelId>) {
        let (id, state) = self.begin().await;
        self.until_choice(id, &state).await;
        (id, self.select(id, pages).await.unwrap())
    }

    pub(crate) async fn select(
        &self,
        id: ConnectionId,
        pages: &[&str],
    ) -> Result<Vec<ChannelId>, ConnectionError> {
        let picks: Vec<_> = pages.iter().map(|n| page(n)).collect();
        let channels = self.desk.select(&self.caller, id, &picks, IpClass::PublicV4, None).await?;
        let mut ids: Vec<_> = channels.iter().map(|channel| channel.id).collect();
        ids.sort();
        Ok(ids)
    }

    /// A key of the organization.
    pub(crate) fn robot(&self) -> Caller {
        let actor = Actor::ApiKey { key: ApiKeyId::new(), granted_by: PersonId::new() };
        Caller { actor, ..self.caller.clone() }
    }

    /// Another session of the same person.
    pub(crate) fn another_session(&self) -> Caller {
        Caller { actor: member(), ..self.caller.clone() }
    }
}

pub(crate) fn page(remote_id: &str) -> Pick {
    Pick { platform: Platform::Facebook, remote_id: remote_id.into() }
}

pub(crate) fn state_of(url: &Url) -> String {
    parameter(url, "state")
}

pub(crate) fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned()
}

fn member() -> Actor {
    Actor::Member { person: PersonId::new(), session: SessionId::new(), role: Role::Owner }
}

/// An organization with a key and a workspace, and its owner.
pub(crate) async fn organization(pool: &Pool) -> (Caller, WorkspaceId) {
    use diesel_async::SimpleAsyncConnection;
    let (organization, workspace) = (OrganizationId::new(), WorkspaceId::new());
    let (o, w, k) = (organization.uuid(), workspace.uuid(), Uuid::new_v4());
    let sql = format!(
        "INSERT INTO organizations (id, name) VALUES ('{o}', 'Harbour');
         INSERT INTO organization_keys (id, organization_id, ring_version, wrapped) VALUES ('{k}', '{o}', 1, 'x');
         INSERT INTO workspaces (id, organization_id, name, time_zone, late_minutes) VALUES ('{w}', '{o}', 'Coffee', 'UTC', 60);"
    );
    pool.get().await.unwrap().batch_execute(&sql).await.unwrap();
    (Caller { organization, reach: Reach::All, scopes: Scopes::all(), actor: member() }, workspace)
}
