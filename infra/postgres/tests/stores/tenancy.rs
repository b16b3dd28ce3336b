//! The stories of signing up, signing in and granting keys, told twice: against a real server and against the stores in memory that
//! other tests use, so that the latter stay honest.

use std::sync::Arc;

use chrono::TimeDelta;
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;
use postgres::{
    Pool,
    tenancy::{
        PgAccounts, PgApiKeys, PgOrganizationKeys, PgOrganizations, PgPersonKeys, PgSessions, PgThrottles,
    },
};
use secrecy::ExposeSecret;
use tenancy::{
    Accounts, ApiKeys, Authenticator, Caller, Client, Organizations, Page, Reach, Refusal, Role, Scope,
    Sessions, StoreError, WorkspaceId,
    api_key::Grant,
    idempotency::Fence,
    mailer::MailTemplate,
    organization::{NewWorkspace, WorkspaceChange},
    rotation::{RootKeyStore, rewrap_all},
    sealing::WrappedKey,
    session::{SignIn, Tokens},
    testing::{FakeVault, World, grant, registration, sign_in},
};
use zone::Tz;

use crate::support;

const ADA: &str = "ada@example.org";

/// The use cases around one kind of store.
struct House {
    world: World,
    pool: Option<Pool>,
    accounts: Accounts,
    sessions: Sessions,
    api_keys: ApiKeys,
    organizations: Organizations,
    authenticator: Authenticator,
}

impl House {
    fn in_memory() -> Self {
        let world = World::new();
        Self {
            pool: None,
            accounts: world.accounts(),
            sessions: world.sessions(),
            api_keys: world.api_keys(),
            organizations: world.organizations(),
            authenticator: world.authenticator(),
            world,
        }
    }

    fn in_postgres(pool: &Pool) -> Self {
        let mut house = Self::in_memory();
        let accounts = Arc::new(PgAccounts(pool.clone()));
        let sessions = Arc::new(PgSessions(pool.clone()));
        let throttles = Arc::new(PgThrottles(pool.clone()));
        let api_keys = Arc::new(PgApiKeys(pool.clone()));
        house.pool = Some(pool.clone());
        house.accounts.store = accounts.clone();
        house.accounts.throttles = throttles.clone();
        house.sessions.accounts = accounts;
        house.sessions.store = sessions.clone();
        house.sessions.throttles = throttles;
        house.api_keys.store = api_keys.clone();
        house.organizations.store = Arc::new(PgOrganizations(pool.clone()));
        house.authenticator.sessions = sessions;
        house.authenticator.api_keys = api_keys;
        house
    }

    async fn register(&self, mail: &str) {
        self.accounts.register(registration(mail), &Client::default()).await.unwrap();
    }

    async fn signed_in(&self, mail: &str) -> Tokens {
        self.sessions.sign_in(sign_in(mail), &Client::default()).await.unwrap()
    }

    async fn caller(&self, mail: &str) -> Caller {
        let tokens = self.signed_in(mail).await;
        self.authenticator.authenticate(tokens.access.expose_secret()).await.unwrap().caller
    }

    async fn first_workspace(&self, caller: &Caller) -> WorkspaceId {
        self.organizations.workspaces(caller, Page::first(1)).await.unwrap()[0].id
    }
}

/// Tells each story with both kinds of store.
macro_rules! stories {
    ($($(#[$doc:meta])* async fn $name:ident($house:ident) $body:block)*) => {
        mod story {
            use super::*;
            $(pub(super) async fn $name($house: House) $body)*
        }

        mod in_memory {
            use super::{House, story};
            $(#[tokio::test]
            async fn $name() {
                story::$name(House::in_memory()).await;
            })*
        }

        mod in_postgres {
            use super::{House, story, support};
            $(#[tokio::test]
            async fn $name() {
                let pool = support::migrated_pool().await;
                story::$name(House::in_postgres(&pool)).await;
            })*
        }
    };
}

stories! {
    async fn a_person_signs_up_signs_in_and_sees_their_own_account(house) {
        let mut named = registration(ADA);
        named.name = Some("Ada Lovelace".into());
        house.accounts.register(named, &Client::default()).await.unwrap();
        let tokens = house.signed_in(ADA).await;
        let profile = house.accounts.profile(tokens.person).await.unwrap();
        assert_eq!(profile.mail.expose_secret(), ADA);
        assert_eq!(profile.name.unwrap().expose_secret(), "Ada Lovelace");
        assert_eq!(profile.created_at, house.world.now());
        assert_eq!(profile.memberships.len(), 1);
        assert_eq!(profile.memberships[0].organization, tokens.organization);
        assert_eq!((profile.memberships[0].role, tokens.role), (Role::Owner, Role::Owner));
        let caller = house.authenticator.authenticate(tokens.access.expose_secret()).await.unwrap().caller;
        assert_eq!(house.organizations.get(&caller).await.unwrap().name, "Analytical Engines");
        assert_eq!(house.organizations.workspaces(&caller, Page::first(9)).await.unwrap().len(), 1);
        assert!(house.organizations.store.key(tokens.organization).await.unwrap().is_some());
    }

    async fn a_known_mail_changes_nothing(house) {
        house.register(ADA).await;
        let mut again = registration("ADA@Example.org");
        again.password = "quite another password".into();
        house.accounts.register(again, &Client::default()).await.unwrap();
        assert_eq!(house.world.mails(), [MailTemplate::Welcome, MailTemplate::AlreadyRegistered]);
        house.signed_in(ADA).await;
        let other = SignIn { password: "quite another password".into(), ..sign_in(ADA) };
        let refusal = house.sessions.sign_in(other, &Client::default()).await.unwrap_err();
        assert_eq!(refusal, Refusal::WrongCredentials);
    }

    async fn of_many_registrations_of_one_mail_at_once_one_makes_an_account(house) {
        let client = Client::default();
        let attempts = (0..6).map(|_| house.accounts.register(registration(ADA), &client));
        for result in futures::future::join_all(attempts).await {
            result.unwrap();
        }
        let welcomes = house.world.mails().iter().filter(|mail| **mail == MailTemplate::Welcome).count();
        assert_eq!((welcomes, house.world.mails().len()), (1, 6));
        house.signed_in(ADA).await;
    }

    async fn a_refresh_token_works_once_and_its_second_use_ends_the_session(house) {
        house.register(ADA).await;
        let first = house.signed_in(ADA).await;
        house.world.advance(TimeDelta::days(1));
        let second = house.sessions.refresh(first.refresh.expose_secret()).await.unwrap();
        assert_eq!(second.session, first.session);
        assert_eq!(second.refresh_expires_at, house.world.now() + TimeDelta::days(30));
        assert!(house.authenticator.authenticate(second.access.expose_secret()).await.is_ok());
        assert!(house.sessions.refresh(first.refresh.expose_secret()).await.is_err());
        assert!(house.sessions.refresh(second.refresh.expose_secret()).await.is_err());
        let refused = house.authenticator.authenticate(second.access.expose_secret()).await;
        assert_eq!(refused.unwrap_err(), Refusal::Unauthenticated);
    }

    async fn a_session_slides_and_ends(house) {
        house.register(ADA).await;
        let mut tokens = house.signed_in(ADA).await;
        for _ in 0..4 {
            house.world.advance(TimeDelta::days(20));
            tokens = house.sessions.refresh(tokens.refresh.expose_secret()).await.unwrap();
        }
        assert_eq!(tokens.refresh_expires_at, house.world.now() + TimeDelta::days(10));
        house.world.advance(TimeDelta::days(10));
        assert!(house.sessions.refresh(tokens.refresh.expose_secret()).await.is_err());
    }

    async fn sessions_are_listed_and_ended_by_their_owner_only(house) {
        house.register(ADA).await;
        house.register("eve@example.org").await;
        let client = Client { address: "192.0.2.9".parse().ok(), user_agent: Some("Browser/1".into()) };
        let ada = house.sessions.sign_in(sign_in(ADA), &client).await.unwrap();
        house.world.advance(TimeDelta::seconds(1));
        let second = house.signed_in(ADA).await;
        let eve = house.signed_in("eve@example.org").await;
        let listed = house.sessions.list(ada.person).await.unwrap();
        assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [second.session, ada.session]);
        assert_eq!(listed[1].user_agent.as_ref().unwrap().expose_secret(), "Browser/1");
        assert_eq!(listed[1].address.as_ref().unwrap().expose_secret(), "192.0.2.9");
        let foreign = house.sessions.revoke(eve.person, ada.session).await;
        assert_eq!(foreign.unwrap_err(), Refusal::NotFound);
        assert!(house.authenticator.authenticate(ada.access.expose_secret()).await.is_ok());
        house.sessions.revoke(ada.person, ada.session).await.unwrap();
        assert!(house.authenticator.authenticate(ada.access.expose_secret()).await.is_err());
        assert_eq!(house.sessions.sign_out(ada.person, ada.session).await.unwrap_err(), Refusal::NotFound);
        assert_eq!(house.sessions.list(ada.person).await.unwrap().len(), 1);
    }

    async fn a_stale_hash_is_replaced(house) {
        house.register(ADA).await;
        house.world.hasher.age();
        house.signed_in(ADA).await;
        let before = house.world.hasher.work_done();
        house.signed_in(ADA).await;
        assert_eq!(house.world.hasher.work_done() - before, 1);
    }

    async fn guessing_is_slowed_down_and_forgiven(house) {
        house.register(ADA).await;
        let client = Client { address: "192.0.2.9".parse().ok(), user_agent: None };
        let wrong = || SignIn { password: "a wrong password".into(), ..sign_in(ADA) };
        for _ in 0..6 {
            let refusal = house.sessions.sign_in(wrong(), &client).await.unwrap_err();
            assert_eq!(refusal, Refusal::WrongCredentials);
        }
        let throttled = Refusal::Throttled { retry_after: TimeDelta::seconds(1) };
        assert_eq!(house.sessions.sign_in(sign_in(ADA), &client).await.unwrap_err(), throttled);
        house.world.advance(TimeDelta::seconds(1));
        house.sessions.sign_in(sign_in(ADA), &client).await.unwrap();
        for _ in 0..6 {
            let refusal = house.sessions.sign_in(wrong(), &client).await.unwrap_err();
            assert_eq!(refusal, Refusal::WrongCredentials);
        }
    }

    async fn nothing_is_made_under_an_idempotency_key_that_another_request_has(house) {
        house.register(ADA).await;
        let ada = house.caller(ADA).await;
        let lost = Some(Fence(uuid::Uuid::new_v4()));
        let new = NewWorkspace { name: "Bakery".into(), time_zone: Tz::UTC, late_minutes: None, fence: lost };
        let refused = house.organizations.create_workspace(&ada, new).await.unwrap_err();
        assert!(matches!(refused, Refusal::Store(StoreError::Conflict(_))), "{refused}");
        assert_eq!(house.organizations.workspaces(&ada, Page::first(10)).await.unwrap().len(), 1);
        let wanted = Grant { fence: lost, ..grant([Scope::PostsRead]) };
        let refused = house.api_keys.grant(&ada, wanted).await.unwrap_err();
        assert!(matches!(refused, Refusal::Store(StoreError::Conflict(_))), "{refused}");
        assert!(house.api_keys.list(&ada, Page::first(10)).await.unwrap().is_empty());
    }

    async fn a_key_is_granted_used_listed_and_revoked(house) {
        house.register(ADA).await;
        house.register("eve@example.org").await;
        let (ada, eve) = (house.caller(ADA).await, house.caller("eve@example.org").await);
        let own = house.first_workspace(&ada).await;
        let mut wanted = grant([Scope::PostsRead, Scope::KeysRead]);
        wanted.workspaces = Some([own].into());
        wanted.origins = vec!["https://app.example.org".into()];
        wanted.expires_at = Some(house.world.now() + TimeDelta::days(2));
        let granted = house.api_keys.grant(&ada, wanted).await.unwrap();
        let secret = granted.secret.expose_secret();
        let authenticated = house.authenticator.authenticate(secret).await.unwrap();
        assert_eq!(authenticated.caller.reach, Reach::Only([own].into()));
        assert_eq!(authenticated.caller.scopes, granted.key.scopes);
        assert!(authenticated.admits_origin("https://app.example.org"));
        let listed = house.api_keys.list(&ada, Page::first(10)).await.unwrap();
        let used = tenancy::api_key::ApiKey { last_used_at: Some(house.world.now()), ..granted.key.clone() };
        assert_eq!(listed, [used]);
        assert!(house.api_keys.list(&eve, Page::first(10)).await.unwrap().is_empty());
        let origin = &granted.key.origins[0];
        assert!(house.api_keys.knows_origin(origin).await.unwrap());
        assert_eq!(house.api_keys.revoke(&eve, granted.key.id).await.unwrap_err(), Refusal::NotFound);
        assert!(house.authenticator.authenticate(secret).await.is_ok());
        house.api_keys.revoke(&ada, granted.key.id).await.unwrap();
        house.api_keys.revoke(&ada, granted.key.id).await.unwrap();
        assert!(house.authenticator.authenticate(secret).await.is_err());
        assert!(!house.api_keys.knows_origin(origin).await.unwrap());
    }

    async fn a_key_cannot_be_limited_to_a_workspace_of_another_organization(house) {
        house.register(ADA).await;
        house.register("eve@example.org").await;
        let (ada, eve) = (house.caller(ADA).await, house.caller("eve@example.org").await);
        let mut foreign = grant([Scope::PostsRead]);
        foreign.workspaces = Some([house.first_workspace(&ada).await, house.first_workspace(&eve).await].into());
        assert!(matches!(house.api_keys.grant(&eve, foreign).await, Err(Refusal::Invalid(_))));
        assert!(house.api_keys.list(&eve, Page::first(10)).await.unwrap().is_empty());
    }

    async fn an_expired_key_is_refused_and_its_origin_forgotten(house) {
        house.register(ADA).await;
        let ada = house.caller(ADA).await;
        let mut short = grant([Scope::PostsRead]);
        short.expires_at = Some(house.world.now() + TimeDelta::hours(1));
        short.origins = vec!["https://app.example.org".into()];
        let granted = house.api_keys.grant(&ada, short).await.unwrap();
        house.world.advance(TimeDelta::hours(1));
        assert!(house.authenticator.authenticate(granted.secret.expose_secret()).await.is_err());
        assert!(!house.api_keys.knows_origin(&granted.key.origins[0]).await.unwrap());
    }

    async fn workspaces_are_made_changed_and_kept_apart(house) {
        house.register(ADA).await;
        house.register("eve@example.org").await;
        let (ada, eve) = (house.caller(ADA).await, house.caller("eve@example.org").await);
        let new = NewWorkspace { name: "Bakery".into(), time_zone: Tz::known("Asia/Kathmandu"), late_minutes: Some(15), fence: None };
        house.world.advance(TimeDelta::seconds(1));
        let made = house.organizations.create_workspace(&ada, new).await.unwrap();
        assert_eq!(house.organizations.workspace(&ada, made.id).await.unwrap(), made);
        assert_eq!(house.organizations.workspace(&eve, made.id).await.unwrap_err(), Refusal::NotFound);
        let change = WorkspaceChange { name: Some("Pastry".into()), ..WorkspaceChange::default() };
        let foreign = house.organizations.change_workspace(&eve, made.id, change.clone(), None).await;
        assert_eq!(foreign.unwrap_err(), Refusal::NotFound);
        let changed = house.organizations.change_workspace(&ada, made.id, change.clone(), Some(1)).await.unwrap();
        assert_eq!(house.organizations.workspace(&ada, made.id).await.unwrap(), changed);
        let late = house.organizations.change_workspace(&ada, made.id, change, Some(1)).await;
        assert_eq!(late.unwrap_err(), Refusal::Changed);
        let all = house.organizations.workspaces(&ada, Page::first(9)).await.unwrap();
        assert_eq!(all.len(), 2);
        let rest = Page { after: Some(all[0].id), limit: 9 };
        assert_eq!(house.organizations.workspaces(&ada, rest).await.unwrap(), [changed]);
        let narrow = Caller { reach: Reach::Only([all[0].id].into()), ..ada };
        assert_eq!(house.organizations.workspaces(&narrow, Page::first(9)).await.unwrap(), all[..1]);
    }

    async fn an_organization_is_renamed_from_the_version_that_was_read(house) {
        house.register(ADA).await;
        let ada = house.caller(ADA).await;
        let renamed = house.organizations.rename(&ada, "Engines", Some(1)).await.unwrap();
        assert_eq!(house.organizations.get(&ada).await.unwrap(), renamed);
        assert_eq!(house.organizations.rename(&ada, "Late", Some(1)).await.unwrap_err(), Refusal::Changed);
        assert!(!house.organizations.store.save_organization(&renamed, 1).await.unwrap());
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every row of the tables of this context as text; bytes as text where they are text.
async fn dump(pool: &Pool) -> String {
    let mut connection = pool.get().await.unwrap();
    let mut out = String::new();
    for shape in postgres::schema::tenancy::tables() {
        let columns = shape.columns.iter().map(|column| match column.udt.as_str() {
            "bytea" => format!("coalesce(encode({}, 'escape'), '')", column.name),
            _ => format!("coalesce({}::text, '')", column.name),
        });
        let columns = columns.collect::<Vec<_>>().join(" || ' ' || ");
        let query = format!("SELECT {columns} AS line FROM {}", shape.table);
        let lines: Vec<Line> = diesel::sql_query(query).load(&mut connection).await.unwrap();
        out.extend(lines.into_iter().map(|row| row.line + "\n"));
    }
    out
}

#[tokio::test]
async fn no_mail_name_password_token_or_key_is_on_disk() {
    let pool = support::migrated_pool().await;
    let house = House::in_postgres(&pool);
    let mut canary = registration("canary-mail@example.org");
    canary.name = Some("Canary Name".into());
    canary.password = "canary-password".into();
    house.accounts.register(canary, &Client::default()).await.unwrap();
    let client = Client { address: "203.0.113.77".parse().ok(), user_agent: Some("CanaryAgent".into()) };
    let request = SignIn { password: "canary-password".into(), ..sign_in("canary-mail@example.org") };
    let tokens = house.sessions.sign_in(request, &client).await.unwrap();
    let caller = house.authenticator.authenticate(tokens.access.expose_secret()).await.unwrap().caller;
    let granted = house.api_keys.grant(&caller, grant([Scope::PostsRead])).await.unwrap();
    let dump = dump(&pool).await;
    assert!(
        dump.contains("Analytical Engines") && dump.contains("posts:read"),
        "the dump shows what is there"
    );
    assert!(!dump.to_lowercase().contains("canary"));
    assert!(!dump.contains("203.0.113.77"));
    assert!(!dump.contains(tokens.refresh.expose_secret()));
    assert!(!dump.contains(&granted.secret.expose_secret()[32..]));
}

#[tokio::test]
async fn the_database_itself_refuses_what_no_state_can_be() {
    let pool = support::migrated_pool().await;
    let house = House::in_postgres(&pool);
    house.register(ADA).await;
    house.register("eve@example.org").await;
    house.signed_in(ADA).await;
    let ada = house.caller(ADA).await;
    house.api_keys.grant(&ada, grant([Scope::PostsRead])).await.unwrap();
    let mut connection = pool.get().await.unwrap();
    for statement in [
        "UPDATE memberships SET role = 'king'",
        "UPDATE sessions SET ended_at = now()",
        "UPDATE sessions SET idle_expires_at = expires_at + interval '1 s'",
        "UPDATE persons SET password_hash = 'correct horse battery staple'",
        "UPDATE acknowledgements SET is_of_age = false",
        "UPDATE acknowledgements SET min_age = 15",
        "UPDATE api_keys SET scopes = '{}'",
        "UPDATE workspaces SET late_minutes = -1",
        // A key of one organization limited to a workspace of another.
        "INSERT INTO api_key_workspaces SELECT k.organization_id, k.id, w.id FROM api_keys k, workspaces w \
         WHERE w.organization_id <> k.organization_id",
        // A session for an organization whose member the person is not.
        "UPDATE sessions SET organization_id = o.id FROM organizations o WHERE o.id <> organization_id",
    ] {
        assert!(diesel::sql_query(statement).execute(&mut connection).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_member_who_leaves_loses_sessions_and_keys_at_once() {
    let pool = support::migrated_pool().await;
    let house = House::in_postgres(&pool);
    house.register(ADA).await;
    let tokens = house.signed_in(ADA).await;
    let ada = house.caller(ADA).await;
    let granted = house.api_keys.grant(&ada, grant([Scope::PostsRead])).await.unwrap();
    diesel::sql_query("DELETE FROM memberships").execute(&mut pool.get().await.unwrap()).await.unwrap();
    for bearer in [tokens.access.expose_secret(), granted.secret.expose_secret()] {
        assert_eq!(house.authenticator.authenticate(bearer).await.unwrap_err(), Refusal::Unauthenticated);
    }
    assert!(house.sessions.refresh(tokens.refresh.expose_secret()).await.is_err());
    let again = house.sessions.sign_in(sign_in(ADA), &Client::default()).await;
    assert_eq!(again.unwrap_err(), Refusal::WrongCredentials);
}

/// Runs all of them while `lock` holds what they need, and lets go when each of them waits: they collide in every run.
async fn collide<T>(pool: &Pool, lock: &str, attempts: Vec<impl Future<Output = T>>) -> Vec<T> {
    let waiting = format!(
        "SELECT (count(*) = {})::text AS line FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
        attempts.len()
    );
    let (mut holder, mut observer) = (pool.get().await.unwrap(), pool.get().await.unwrap());
    for statement in ["BEGIN", lock] {
        diesel::sql_query(statement).execute(&mut holder).await.unwrap();
    }
    let release = async {
        loop {
            let all: Line = diesel::sql_query(&waiting).get_result(&mut observer).await.unwrap();
            if all.line == "true" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        diesel::sql_query("COMMIT").execute(&mut holder).await.unwrap();
    };
    let both = async { tokio::join!(futures::future::join_all(attempts), release) };
    tokio::time::timeout(std::time::Duration::from_secs(20), both).await.expect("nobody waits for the lock").0
}

#[tokio::test]
async fn of_many_uses_of_one_refresh_token_at_once_one_wins_and_the_session_ends() {
    let pool = support::migrated_pool().await;
    let house = House::in_postgres(&pool);
    house.register(ADA).await;
    let tokens = house.signed_in(ADA).await;
    let uses = (0..4).map(|_| house.sessions.refresh(tokens.refresh.expose_secret())).collect();
    let results = collide(&pool, "SELECT FROM refresh_tokens FOR UPDATE", uses).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 3));
    assert!(lost.into_iter().all(|lost| lost.unwrap_err() == Refusal::Unauthenticated));
    let winner = won.into_iter().next().unwrap().unwrap();
    assert!(house.authenticator.authenticate(winner.access.expose_secret()).await.is_err());
    assert!(house.sessions.refresh(winner.refresh.expose_secret()).await.is_err());
}

#[tokio::test]
async fn many_guesses_at_once_gain_nothing() {
    let pool = support::migrated_pool().await;
    let house = House::in_postgres(&pool);
    house.register(ADA).await;
    // From nowhere in particular: a lock on one address would hide a missing one on the mail.
    let client = Client::default();
    let wrong = || SignIn { password: "a wrong password".into(), ..sign_in(ADA) };
    for _ in 0..4 {
        house.sessions.sign_in(wrong(), &client).await.unwrap_err();
    }
    let guesses = (0..5).map(|_| house.sessions.sign_in(wrong(), &client)).collect();
    let refusals = collide(&pool, "SELECT FROM throttles FOR UPDATE", guesses).await;
    let looked_at =
        refusals.iter().filter(|refusal| matches!(refusal, Err(Refusal::WrongCredentials))).count();
    assert_eq!(looked_at, 2, "the fifth is free, the sixth begins the pause");
}

/// A vault whose ring has a second key.
struct NewerRing;

impl tenancy::sealing::Vault for NewerRing {
    fn new_root_key(&self) -> Result<WrappedKey, tenancy::sealing::SealError> {
        FakeVault.new_root_key()
    }
    fn new_data_key(&self, organization: &WrappedKey) -> Result<WrappedKey, tenancy::sealing::SealError> {
        FakeVault.new_data_key(organization)
    }
    fn seal(
        &self,
        chain: &tenancy::sealing::KeyChain,
        place: tenancy::sealing::Place,
        plain: &[u8],
    ) -> Result<tenancy::sealing::Sealed, tenancy::sealing::SealError> {
        FakeVault.seal(chain, place, plain)
    }
    fn open(
        &self,
        chain: &tenancy::sealing::KeyChain,
        place: tenancy::sealing::Place,
        sealed: &tenancy::sealing::Sealed,
    ) -> Result<secrecy::SecretSlice<u8>, tenancy::sealing::SealError> {
        FakeVault.open(chain, place, sealed)
    }
    fn rewrap(&self, key: &WrappedKey) -> Result<WrappedKey, tenancy::sealing::SealError> {
        Ok(WrappedKey { ring_version: Some(2), ..key.clone() })
    }
    fn newest_ring_version(&self) -> i32 {
        2
    }
    fn lookup(&self, purpose: &'static str, value: &[u8]) -> [u8; 32] {
        FakeVault.lookup(purpose, value)
    }
}

#[tokio::test]
async fn every_root_key_is_wrapped_again_once() {
    let pool = support::migrated_pool().await;
    let house = House::in_postgres(&pool);
    for n in 0..3 {
        house.register(&format!("a{n}@example.org")).await;
    }
    let stores: [&dyn RootKeyStore; 2] = [&PgOrganizationKeys(pool.clone()), &PgPersonKeys(pool.clone())];
    for store in stores {
        assert_eq!(rewrap_all(&NewerRing, store).await.unwrap(), 3);
        assert_eq!(rewrap_all(&NewerRing, store).await.unwrap(), 0);
    }
    let tokens = house.signed_in("a1@example.org").await;
    assert_eq!(house.accounts.profile(tokens.person).await.unwrap().mail.expose_secret(), "a1@example.org");
}
