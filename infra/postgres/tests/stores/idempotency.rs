//! Idempotency keys: one request holds a key, its answer is sealed, and time frees it.

use std::sync::Arc;

use ::tenancy::{
    Client, OrganizationId,
    idempotency::{Claim, Claimed, IdempotencyStore, Kept, Recorded},
    testing::{FakeVault, World, registration},
};
use diesel::{QueryableByName, sql_types::Binary};
use diesel_async::RunQueryDsl;
use postgres::{Pool, idempotency::PgIdempotency, tenancy::PgAccounts};
use uuid::Uuid;

use crate::support::migrated_pool;

struct Keys {
    pool: Pool,
    store: PgIdempotency,
    organization: OrganizationId,
}

#[derive(QueryableByName)]
struct Organization {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct SealedAnswer {
    #[diesel(sql_type = Binary)]
    answer_sealed: Vec<u8>,
}

impl Keys {
    async fn new() -> Self {
        let pool = migrated_pool().await;
        let world = World::new();
        let accounts = ::tenancy::Accounts { store: Arc::new(PgAccounts(pool.clone())), ..world.accounts() };
        accounts.register(registration("ada@example.org"), &Client::default()).await.unwrap();
        let mut connection = pool.get().await.unwrap();
        let found: Organization =
            diesel::sql_query("SELECT id FROM organizations").get_result(&mut connection).await.unwrap();
        let store = PgIdempotency::new(pool.clone(), Arc::new(FakeVault));
        Self { pool, store, organization: OrganizationId::from_uuid(found.id) }
    }

    fn request(&self, body: u8) -> Claim {
        let operation = "createWorkspace".to_owned();
        let (actor, fence) = (Uuid::from_u128(7), Uuid::new_v4());
        Claim { organization: self.organization, actor, operation, key: [1; 32], body: [body; 32], fence }
    }

    async fn let_pass(&self, time: &str) {
        let move_back = format!("UPDATE idempotency_keys SET expires_at = expires_at - interval '{time}'");
        diesel::sql_query(move_back).execute(&mut self.pool.get().await.unwrap()).await.unwrap();
    }
}

fn answer() -> Kept {
    let headers = vec![("location".to_owned(), "/v1/workspaces/1".to_owned())];
    Kept::Answer(Box::new(Recorded { status: 201, headers, body: r#"{"name":"canary"}"#.to_owned() }))
}

#[tokio::test]
async fn the_first_request_holds_the_key_and_its_answer_is_given_again() {
    let keys = Keys::new().await;
    let first = keys.request(1);
    assert_eq!(keys.store.claim(&first).await, Ok(Claimed::First));
    assert_eq!(keys.store.claim(&keys.request(1)).await, Ok(Claimed::InFlight));
    keys.store.keep(&first, &answer()).await.unwrap();
    assert_eq!(keys.store.claim(&keys.request(1)).await, Ok(Claimed::Before(answer())));
    assert_eq!(keys.store.claim(&keys.request(2)).await, Ok(Claimed::AnotherBody));
}

#[tokio::test]
async fn of_many_at_once_exactly_one_is_the_first() {
    let keys = Keys::new().await;
    let claims: Vec<Claim> = (0..16).map(|_| keys.request(1)).collect();
    let all = futures::future::join_all(claims.iter().map(|claim| keys.store.claim(claim))).await;
    assert_eq!(all.iter().filter(|claimed| **claimed == Ok(Claimed::First)).count(), 1);
}

#[tokio::test]
async fn a_released_key_is_free() {
    let keys = Keys::new().await;
    let first = keys.request(1);
    keys.store.claim(&first).await.unwrap();
    keys.store.release(&first).await.unwrap();
    assert_eq!(keys.store.claim(&keys.request(2)).await, Ok(Claimed::First));
}

#[tokio::test]
async fn an_abandoned_key_is_taken_over_and_the_latecomer_changes_nothing() {
    let keys = Keys::new().await;
    let (first, second) = (keys.request(1), keys.request(1));
    keys.store.claim(&first).await.unwrap();
    keys.let_pass("61 seconds").await;
    assert_eq!(keys.store.claim(&second).await, Ok(Claimed::First));
    keys.store.keep(&first, &Kept::ShownOnce { location: None }).await.unwrap();
    keys.store.release(&first).await.unwrap();
    assert_eq!(keys.store.claim(&keys.request(1)).await, Ok(Claimed::InFlight));
    keys.store.keep(&second, &answer()).await.unwrap();
    assert_eq!(keys.store.claim(&keys.request(1)).await, Ok(Claimed::Before(answer())));
}

#[tokio::test]
async fn an_answer_is_forgotten_after_a_day_and_its_row_is_swept() {
    let keys = Keys::new().await;
    let first = keys.request(1);
    keys.store.claim(&first).await.unwrap();
    keys.store.keep(&first, &answer()).await.unwrap();
    keys.let_pass("23 hours 59 minutes").await;
    assert_eq!(keys.store.sweep().await, Ok(0));
    keys.let_pass("1 minute").await;
    assert_eq!(keys.store.sweep().await, Ok(1));
    assert_eq!(keys.store.claim(&keys.request(2)).await, Ok(Claimed::First));
}

#[tokio::test]
async fn answers_are_sealed_and_of_secrets_only_the_place_is_kept() {
    let keys = Keys::new().await;
    let first = keys.request(1);
    keys.store.claim(&first).await.unwrap();
    keys.store.keep(&first, &answer()).await.unwrap();
    let select = "SELECT answer_sealed FROM idempotency_keys";
    let row: SealedAnswer =
        diesel::sql_query(select).get_result(&mut keys.pool.get().await.unwrap()).await.unwrap();
    assert!(!row.answer_sealed.windows(6).any(|window| window == b"canary"));
    let secret = Claim { key: [2; 32], ..keys.request(1) };
    keys.store.claim(&secret).await.unwrap();
    let kept = Kept::ShownOnce { location: Some("/v1/api_keys/1".into()) };
    keys.store.keep(&secret, &kept).await.unwrap();
    let again = Claim { fence: Uuid::new_v4(), ..secret };
    assert_eq!(keys.store.claim(&again).await, Ok(Claimed::Before(kept)));
}
