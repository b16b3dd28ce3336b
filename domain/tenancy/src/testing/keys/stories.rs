//! What every store of idempotency keys must do. Each story wants a stand of its own.
#![expect(clippy::missing_panics_doc, reason = "a story that is not true panics")]

use std::time::Duration;

use uuid::Uuid;

use super::KeyStand;
use crate::{
    StoreError,
    idempotency::{Claim, Claimed, Fence, KEPT, LEASE, Recorded},
};

/// Declares one test for each story: `key_stories!(async_stand, story => run(story))`.
#[macro_export]
macro_rules! key_stories {
    ($stand:expr, $future:ident => $run:expr) => {
        $crate::key_stories!(@each $stand, $future => $run;
            the_first_request_holds_the_key_and_its_answer_is_given_again
            what_was_made_is_known_even_if_nobody_was_answered
            a_key_under_which_nothing_was_made_is_freed_and_one_under_which_something_was_is_not
            an_abandoned_key_is_taken_over_and_the_latecomer_makes_and_changes_nothing
            a_latecomer_learns_that_it_lost_its_key
            a_renewed_claim_outlives_its_lease
            one_claim_makes_one_thing
            what_was_made_is_forgotten_after_a_day
            nothing_is_kept_of_a_request_that_made_nothing);
    };
    (@each $stand:expr, $future:ident => $run:expr; $($story:ident)*) => {$(
        #[test]
        fn $story() {
            let $future = async { $crate::testing::stories::$story(&$stand).await };
            $run;
        }
    )*};
}

const A_MOMENT: Duration = Duration::from_secs(1);

/// A request with a claim of its own.
pub fn request(stand: &impl KeyStand, body: u8) -> Claim {
    let (actor, fence) = (Uuid::from_u128(7), Fence(Uuid::new_v4()));
    let (organization, operation) = (stand.organization(), "createWorkspace".to_owned());
    Claim { organization, actor, operation, key: [1; 32], body: [body; 32], fence }
}

/// An answer with something personal in it.
pub fn answer() -> Recorded {
    let headers = vec![("location".to_owned(), "/v1/workspaces/1".to_owned())];
    Recorded { status: 201, headers, body: r#"{"name":"canary"}"#.to_owned() }
}

fn is_lost(made: &Result<Uuid, StoreError>) -> bool {
    matches!(made, Err(StoreError::Conflict(_)))
}

/// Claim, make, keep, and the same again.
pub async fn the_first_request_holds_the_key_and_its_answer_is_given_again(stand: &impl KeyStand) {
    let (store, first) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::InFlight));
    assert_eq!(store.claim(&request(stand, 2)).await, Ok(Claimed::AnotherBody));
    assert!(stand.make(first.fence).await.is_ok());
    assert_eq!(store.keep(&first, &answer()).await, Ok(()));
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::Before(Box::new(answer()))));
    assert_eq!(store.claim(&request(stand, 2)).await, Ok(Claimed::AnotherBody));
    let another = Claim { key: [2; 32], ..request(stand, 2) };
    assert_eq!(store.claim(&another).await, Ok(Claimed::First));
}

/// The process died between making and answering: at once, and after the lease.
pub async fn what_was_made_is_known_even_if_nobody_was_answered(stand: &impl KeyStand) {
    let (store, first) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    let made = stand.make(first.fence).await;
    let known = made.map(Claimed::Made).map_err(|_| crate::idempotency::Unavailable);
    assert!(known.is_ok());
    assert_eq!(store.claim(&request(stand, 1)).await, known);
    assert_eq!(store.claim(&request(stand, 2)).await, Ok(Claimed::AnotherBody));
    stand.let_pass(LEASE + A_MOMENT).await;
    assert_eq!(store.claim(&request(stand, 1)).await, known);
    assert_eq!(stand.count().await, 1);
}

/// A refusal frees the key; a failure after the commit does not.
pub async fn a_key_under_which_nothing_was_made_is_freed_and_one_under_which_something_was_is_not(
    stand: &impl KeyStand,
) {
    let (store, refused) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&refused).await, Ok(Claimed::First));
    assert_eq!(store.release(&refused).await, Ok(true));
    let corrected = request(stand, 2);
    assert_eq!(store.claim(&corrected).await, Ok(Claimed::First));
    assert!(stand.make(corrected.fence).await.is_ok());
    assert_eq!(store.release(&corrected).await, Ok(true));
    assert!(matches!(store.claim(&request(stand, 2)).await, Ok(Claimed::Made(_))));
}

/// The first one stood still for longer than its lease and goes on.
pub async fn an_abandoned_key_is_taken_over_and_the_latecomer_makes_and_changes_nothing(
    stand: &impl KeyStand,
) {
    let (store, first, second) = (stand.store(), request(stand, 1), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    stand.let_pass(LEASE + A_MOMENT).await;
    assert_eq!(store.claim(&second).await, Ok(Claimed::First));
    assert!(is_lost(&stand.make(first.fence).await));
    assert_eq!(store.keep(&first, &answer()).await, Ok(()));
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::InFlight));
    assert!(stand.make(second.fence).await.is_ok());
    assert!(is_lost(&stand.make(first.fence).await));
    assert_eq!(store.keep(&second, &answer()).await, Ok(()));
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::Before(Box::new(answer()))));
    assert_eq!(stand.count().await, 1);
}

/// What it answers then is not the answer to its key.
pub async fn a_latecomer_learns_that_it_lost_its_key(stand: &impl KeyStand) {
    let (store, first, second) = (stand.store(), request(stand, 1), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    stand.let_pass(LEASE + A_MOMENT).await;
    assert_eq!(store.claim(&second).await, Ok(Claimed::First));
    assert_eq!(store.renew(&first).await, Ok(false));
    assert_eq!(store.release(&first).await, Ok(false));
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::InFlight));
}

/// A slow upload keeps its key.
pub async fn a_renewed_claim_outlives_its_lease(stand: &impl KeyStand) {
    let (store, slow) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&slow).await, Ok(Claimed::First));
    for _ in 0..3 {
        stand.let_pass(LEASE / 3 * 2).await;
        assert_eq!(store.renew(&slow).await, Ok(true));
        assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::InFlight));
    }
    assert!(stand.make(slow.fence).await.is_ok());
    assert_eq!(store.renew(&slow).await, Ok(false));
}

/// Even a handler that made something cannot make another thing under the same key.
pub async fn one_claim_makes_one_thing(stand: &impl KeyStand) {
    let (store, first) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    assert!(stand.make(first.fence).await.is_ok());
    assert!(is_lost(&stand.make(first.fence).await));
    assert_eq!(stand.count().await, 1);
}

/// The day counts from the moment it was made.
pub async fn what_was_made_is_forgotten_after_a_day(stand: &impl KeyStand) {
    let (store, first) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    assert!(stand.make(first.fence).await.is_ok());
    assert_eq!(store.keep(&first, &answer()).await, Ok(()));
    stand.let_pass(KEPT / 24 * 23).await;
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::Before(Box::new(answer()))));
    stand.let_pass(KEPT / 24).await;
    assert_eq!(store.claim(&request(stand, 2)).await, Ok(Claimed::First));
}

/// An operation that forgets to write down what it makes is not replayed, so that its tests see it.
pub async fn nothing_is_kept_of_a_request_that_made_nothing(stand: &impl KeyStand) {
    let (store, first) = (stand.store(), request(stand, 1));
    assert_eq!(store.claim(&first).await, Ok(Claimed::First));
    assert_eq!(store.keep(&first, &answer()).await, Ok(()));
    assert_eq!(store.claim(&request(stand, 1)).await, Ok(Claimed::InFlight));
}
