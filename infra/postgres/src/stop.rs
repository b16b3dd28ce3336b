//! What ends a transaction early.

use diesel_async::pooled_connection::deadpool::PoolError;

use crate::error::StoreError;

/// An answer for the caller, or the database. Each store says which answers it gives, and what they are to the database's errors.
pub(crate) enum Stop<E> {
    Answer(E),
    Store(StoreError),
}

impl<E> From<diesel::result::Error> for Stop<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl<E> From<StoreError> for Stop<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<E> From<PoolError> for Stop<E> {
    fn from(error: PoolError) -> Self {
        Self::Store(error.into())
    }
}
