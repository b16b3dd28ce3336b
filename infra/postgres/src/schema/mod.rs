//! The tables, as diesel sees them: declared by hand beside the migration that makes them, one file per topic. A test
//! compares them with a migrated database ([`differences`]).

pub mod calendar;
pub mod connections;
mod fit;
pub mod idempotency;
pub mod imports;
pub mod media;
pub mod posting;
pub mod publishing;
pub mod series;
pub mod shape;
pub mod tenancy;

pub use fit::misfits;
use shape::Shape;

use crate::{error::StoreError, pool::Pool};

/// Every table of the program.
pub fn tables() -> Vec<Shape> {
    [
        tenancy::tables(),
        connections::tables(),
        media::tables(),
        publishing::tables(),
        idempotency::tables(),
        posting::tables(),
        calendar::tables(),
        imports::tables(),
        series::tables(),
    ]
    .concat()
}

/// What differs between the declared tables and the ones in the database, one sentence each; empty when they agree.
pub async fn differences(pool: &Pool) -> Result<Vec<String>, StoreError> {
    shape::differences(&tables(), pool).await
}
