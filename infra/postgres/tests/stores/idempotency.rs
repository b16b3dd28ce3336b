//! Idempotency keys: the stories of every store of them, and what only this one has: sealed answers, rows that are swept, and
//! transactions that take turns.

use std::{sync::Arc, time::Duration};

use ::tenancy::{
    Client, OrganizationId, StoreError, WorkspaceId,
    account::Registration,
    idempotency::{Claim, Claimed, Fence, IdempotencyStore},
    organization::{LateLimit, OrganizationStore, Workspace},
    testing::{
        FakeVault, KeyStand, World, registration,
        stories::{answer, request},
    },
};
use async_trait::async_trait;
use chrono::{SubsecRound, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary},
};
use diesel_async::RunQueryDsl;
use postgres::{
    Pool,
    idempotency::PgIdempotency,
    tenancy::{PgAccounts, PgOrganizations},
};
use uuid::Uuid;
use zone::Tz;

use crate::support::migrated_pool;

struct Keys {
    pool: Pool,
    store: PgIdempotency,
    organizations: PgOrganizations,
    organization: OrganizationId,
}

#[derive(QueryableByName)]
struct Organization {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct SealedAnswer {
    #[diesel(sql_type = Binary)]
    answer_sealed: Vec<u8>,
}

impl Keys {
    async fn new() -> Self {
        let pool = migrated_pool().await;
        let accounts =
            ::tenancy::Accounts { store: Arc::new(PgAccounts(pool.clone())), ..World::new().accounts() };
        let ada: Registration = registration("ada@example.org");
        accounts.register(ada, &Client::default()).await.unwrap();
        let mut connection = pool.get().await.unwrap();
        let found: Organization =
            diesel::sql_query("SELECT id FROM organizations").get_result(&mut connection).await.unwrap();
        let store = PgIdempotency::new(pool.clone(), Arc::new(FakeVault));
        let organizations = PgOrganizations(pool.clone());
        Self { pool, store, organizations, organization: OrganizationId::from_uuid(found.id) }
    }

    async fn run(&self, sql: &str) {
        diesel::sql_query(sql).execute(&mut self.pool.get().await.unwrap()).await.unwrap();
    }
}

#[async_trait]
impl KeyStand for Keys {
    fn store(&self) -> &dyn IdempotencyStore {
        &self.store
    }

    fn organization(&self) -> OrganizationId {
        self.organization
    }

    async fn make(&self, fence: Fence) -> Result<Uuid, StoreError> {
        let now = Utc::now().trunc_subsecs(6);
        let workspace = Workspace {
            id: WorkspaceId::new(),
            organization: self.organization,
            name: "Bakery".into(),
            time_zone: Tz::UTC,
            late_limit: LateLimit::DEFAULT,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.organizations.insert_workspace(&workspace, Some(fence)).await?;
        Ok(workspace.id.uuid())
    }

    /// Without the workspace that comes with the registration.
    async fn count(&self) -> usize {
        let mut connection = self.pool.get().await.unwrap();
        let all: Count = diesel::sql_query("SELECT count(*) AS n FROM workspaces")
            .get_result(&mut connection)
            .await
            .unwrap();
        usize::try_from(all.n).unwrap() - 1
    }

    async fn let_pass(&self, time: Duration) {
        let back = format!("interval '{} seconds'", time.as_secs());
        self.run(&format!(
            "UPDATE idempotency_keys SET expires_at = expires_at - {back}, created_at = created_at - {back}"
        ))
        .await;
    }
}

fn block_on<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(story)
}

::tenancy::key_stories!(Keys::new().await, story => block_on(story));

#[tokio::test]
async fn of_many_at_once_exactly_one_is_the_first() {
    let keys = Keys::new().await;
    let claims: Vec<Claim> = (0..16).map(|_| request(&keys, 1)).collect();
    let all = futures::future::join_all(claims.iter().map(|claim| keys.store.claim(claim))).await;
    assert_eq!(all.iter().filter(|claimed| **claimed == Ok(Claimed::First)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_latecomer_and_its_successor_take_turns_so_that_one_of_them_makes_something() {
    let keys = Keys::new().await;
    for round in 0..40 {
        let mine = |claim: Claim| Claim { key: [round; 32], ..claim };
        let (late, successor) = (mine(request(&keys, 1)), mine(request(&keys, 1)));
        keys.store.claim(&late).await.unwrap();
        keys.let_pass(Duration::from_mins(1)).await;
        let take_over = async {
            let claimed = keys.store.claim(&successor).await.unwrap();
            let made = if claimed == Claimed::First { Some(keys.make(successor.fence).await) } else { None };
            (claimed, made)
        };
        let (first, (claimed, second)) = tokio::join!(keys.make(late.fence), take_over);
        match first {
            Ok(id) => assert_eq!((claimed, second), (Claimed::Made(id), None)),
            Err(lost) => {
                assert!(matches!(lost, StoreError::Conflict(_)), "{lost}");
                assert!(second.unwrap().is_ok());
            }
        }
        assert_eq!(keys.count().await, usize::from(round) + 1);
    }
}

#[tokio::test]
async fn a_key_is_not_freed_while_the_commit_of_what_it_made_is_under_way() {
    use diesel_async::AsyncConnection;
    let keys = Keys::new().await;
    let doubtful = request(&keys, 1);
    keys.store.claim(&doubtful).await.unwrap();
    let mut other = keys.pool.get().await.unwrap();
    // A connection of its own: within one transaction the activity of others is read once and does not change any more.
    let mut watcher = keys.pool.get().await.unwrap();
    let released = other
        .transaction::<_, postgres::StoreError, _>(async |c| {
            // What the store does when it makes something; nobody else sees it before the commit.
            let made = "UPDATE idempotency_keys SET state = 'made', made_id = claim_id";
            diesel::sql_query(made).execute(c).await?;
            let (store, claim) = (keys.store.clone(), doubtful.clone());
            let releasing = tokio::spawn(async move { store.release(&claim).await });
            let waiting = "SELECT count(*) AS n FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
            while diesel::sql_query(waiting).get_result::<Count>(&mut watcher).await?.n == 0 {
                tokio::task::yield_now().await;
            }
            Ok(releasing)
        })
        .await
        .unwrap();
    assert_eq!(released.await.unwrap(), Ok(true));
    assert_eq!(keys.store.claim(&request(&keys, 1)).await, Ok(Claimed::Made(doubtful.fence.0)));
}

#[tokio::test]
async fn a_row_is_swept_when_its_day_is_over_and_a_swept_claim_makes_nothing() {
    let keys = Keys::new().await;
    let first = request(&keys, 1);
    keys.store.claim(&first).await.unwrap();
    keys.make(first.fence).await.unwrap();
    keys.store.keep(&first, &answer()).await.unwrap();
    keys.let_pass(Duration::from_mins(23 * 60 + 59)).await;
    assert_eq!(keys.store.sweep().await, Ok(0));
    keys.let_pass(Duration::from_mins(1)).await;
    assert_eq!(keys.store.sweep().await, Ok(1));
    let second = request(&keys, 2);
    assert_eq!(keys.store.claim(&second).await, Ok(Claimed::First));
    keys.let_pass(Duration::from_mins(1)).await;
    assert_eq!(keys.store.sweep().await, Ok(1));
    assert!(matches!(keys.make(second.fence).await, Err(StoreError::Conflict(_))));
    assert_eq!(keys.count().await, 1);
}

#[tokio::test]
async fn answers_are_sealed() {
    let keys = Keys::new().await;
    let first = request(&keys, 1);
    keys.store.claim(&first).await.unwrap();
    keys.make(first.fence).await.unwrap();
    keys.store.keep(&first, &answer()).await.unwrap();
    let select = "SELECT answer_sealed FROM idempotency_keys";
    let row: SealedAnswer =
        diesel::sql_query(select).get_result(&mut keys.pool.get().await.unwrap()).await.unwrap();
    assert!(!row.answer_sealed.windows(6).any(|window| window == b"canary"));
}
