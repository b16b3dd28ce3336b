//! Idempotency keys in memory, and the stories that every implementation of their port must pass.

pub mod stories;

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use uuid::Uuid;

use super::doubles::lock;
use crate::{
    OrganizationId, StoreError,
    idempotency::{Claim, Claimed, Fence, IdempotencyStore, KEPT, LEASE, Recorded, Unavailable},
};

/// A store of keys with what the stories need besides.
#[async_trait]
pub trait KeyStand: Send + Sync {
    /// The store.
    fn store(&self) -> &dyn IdempotencyStore;
    /// A tenant of it.
    fn organization(&self) -> OrganizationId;
    /// Makes something under a key; returns its id.
    async fn make(&self, fence: Fence) -> Result<Uuid, StoreError>;
    /// How many things were made.
    async fn count(&self) -> usize;
    /// Lets time pass.
    async fn let_pass(&self, time: Duration);
}

/// Idempotency keys in memory.
#[derive(Default)]
pub struct MemoryKeys(Mutex<Book>);

#[derive(Default)]
struct Book {
    now: Duration,
    rows: BTreeMap<Place, Row>,
}

type Place = (OrganizationId, Uuid, String, [u8; 32]);

struct Row {
    claim: Claim,
    made: Option<Uuid>,
    answer: Option<Recorded>,
    expires: Duration,
}

fn place(claim: &Claim) -> Place {
    (claim.organization, claim.actor, claim.operation.clone(), claim.key)
}

impl Book {
    fn held(&mut self, fence: Fence) -> Option<&mut Row> {
        self.rows.values_mut().find(|row| row.claim.fence == fence)
    }
}

impl MemoryKeys {
    /// Writes down what is made under a key. To be called while nobody else can change what is made.
    pub fn made(&self, fence: Option<Fence>, id: Uuid) -> Result<(), StoreError> {
        let Some(fence) = fence else { return Ok(()) };
        let mut book = lock(&self.0);
        let until = book.now + KEPT;
        let held = book.held(fence).filter(|row| row.made.is_none());
        let row = held.ok_or_else(|| StoreError::Conflict("idempotency_keys.claim_id".to_owned()))?;
        (row.made, row.expires) = (Some(id), until);
        Ok(())
    }

    /// Lets time pass for the keys.
    pub fn let_pass(&self, time: Duration) {
        lock(&self.0).now += time;
    }
}

#[async_trait]
impl IdempotencyStore for MemoryKeys {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        let mut book = lock(&self.0);
        let now = book.now;
        let taken = book.rows.get(&place(claim)).filter(|row| now < row.expires);
        Ok(match taken {
            None => {
                let row = Row { claim: claim.clone(), made: None, answer: None, expires: now + LEASE };
                book.rows.insert(place(claim), row);
                Claimed::First
            }
            Some(row) if row.claim.body != claim.body => Claimed::AnotherBody,
            Some(Row { answer: Some(answer), .. }) => Claimed::Before(Box::new(answer.clone())),
            Some(Row { made: Some(made), .. }) => Claimed::Made(*made),
            Some(_) => Claimed::InFlight,
        })
    }

    async fn renew(&self, claim: &Claim) -> Result<bool, Unavailable> {
        let mut book = lock(&self.0);
        let until = book.now + LEASE;
        let held = book.held(claim.fence).filter(|row| row.made.is_none());
        Ok(held.map(|row| row.expires = until).is_some())
    }

    async fn keep(&self, claim: &Claim, answer: &Recorded) -> Result<(), Unavailable> {
        if let Some(row) = lock(&self.0).held(claim.fence).filter(|row| row.made.is_some()) {
            row.answer = Some(answer.clone());
        }
        Ok(())
    }

    async fn release(&self, claim: &Claim) -> Result<bool, Unavailable> {
        let mut book = lock(&self.0);
        let Some(row) = book.held(claim.fence) else { return Ok(false) };
        if row.made.is_none() {
            book.rows.remove(&place(claim));
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[derive(Default)]
    struct Stand(MemoryKeys, Mutex<usize>);

    #[async_trait]
    impl KeyStand for Stand {
        fn store(&self) -> &dyn IdempotencyStore {
            &self.0
        }

        fn organization(&self) -> OrganizationId {
            OrganizationId::from_uuid(Uuid::from_u128(1))
        }

        async fn make(&self, fence: Fence) -> Result<Uuid, StoreError> {
            let id = Uuid::new_v4();
            self.0.made(Some(fence), id)?;
            *self.1.lock().unwrap() += 1;
            Ok(id)
        }

        async fn count(&self) -> usize {
            *self.1.lock().unwrap()
        }

        async fn let_pass(&self, time: Duration) {
            self.0.let_pass(time);
        }
    }

    crate::key_stories!(Stand::default(), story => block_on(story));
}
