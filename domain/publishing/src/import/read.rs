//! Looking at imports, and stopping them.

use tenancy::{Caller, Scope};

use super::{
    Import, ImportError, Imports, Row,
    store::{ImportFilter, RowFilter},
};
use crate::id::ImportId;

impl Imports {
    /// One import.
    pub async fn get(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        caller.may(Scope::PostsRead)?;
        self.store.get(caller, id).await
    }

    /// An import that this caller made, as it is now.
    pub async fn made(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        caller.may(Scope::PostsWrite)?;
        self.store.get(caller, id).await
    }

    /// Imports, newest first.
    pub async fn list(&self, caller: &Caller, filter: &ImportFilter) -> Result<Vec<Import>, ImportError> {
        caller.may(Scope::PostsRead)?;
        if filter.workspace.is_some_and(|workspace| !caller.reaches(workspace)) {
            return Err(ImportError::NotFound);
        }
        self.store.list(caller, filter).await
    }

    /// The rows of an import, in the order of its file.
    pub async fn rows(
        &self,
        caller: &Caller,
        id: ImportId,
        filter: &RowFilter,
    ) -> Result<Vec<Row>, ImportError> {
        caller.may(Scope::PostsRead)?;
        self.store.rows(caller, id, filter).await
    }

    /// Stops an import. The posts that were made stay.
    pub async fn cancel(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        caller.may(Scope::PostsWrite)?;
        self.store.cancel(caller, id).await
    }
}
