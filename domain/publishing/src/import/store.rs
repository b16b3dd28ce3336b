//! The port to where imports are kept. One method is one transaction.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use tenancy::{Caller, WorkspaceId, idempotency::Fence};

use super::{CellViolation, Import, ImportError, NamedChannel, Row, RowState, StopReason, file::RawRow};
use crate::{
    id::{ImportId, PostId},
    post::Composed,
};

/// How long a worker has an import without a word before another takes it over.
pub const LEASE: Duration = Duration::from_secs(10);

/// How often in a row a step may come to nothing. The pauses are [`LEASE`], doubled each time: some twenty minutes in all.
pub const MOST_FAILURES: u8 = 8;

/// An import in the hands of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which import.
    pub import: ImportId,
    /// The fence: every later claim has a higher one.
    pub epoch: i64,
}

/// The next rows of an import, and what is needed to judge them.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The import.
    pub import: Import,
    /// Whoever made it, with what they may do now; `None` if they may nothing any more.
    pub caller: Option<Caller>,
    /// The rows, in order; none when all were dealt with.
    pub rows: Vec<RawRow>,
    /// Those among their keys that are not free.
    pub known: BTreeMap<String, Known>,
    /// The channels of the workspace.
    pub channels: Vec<NamedChannel>,
}

/// Who has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A post: one that came from another import with this key, or whose id the key is.
    Before(PostId),
    /// The row with this number of the same import. It became a post, or would in a dry run.
    Above(u32),
}

/// What came of a row.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It breaks no rule; this is a dry run.
    Valid,
    /// It becomes a post.
    Create(Box<Composed>),
    /// This post has its key.
    Skipped(PostId),
    /// It breaks rules.
    Failed(Vec<CellViolation>),
}

/// A row with what came of it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Its number.
    pub number: u32,
    /// Its key.
    pub key: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// Which imports to list.
#[derive(Debug, Clone, Copy)]
pub struct ImportFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// After this one, newest first.
    pub after: Option<ImportId>,
    /// At most so many.
    pub limit: u16,
}

/// Which rows to list.
#[derive(Debug, Clone, Copy)]
pub struct RowFilter {
    /// Only in this state.
    pub state: Option<RowState>,
    /// After this number, in order.
    pub after: u32,
    /// At most so many.
    pub limit: u16,
}

/// Keeps imports. Methods that take a caller see only what the caller reaches; all else is not found.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Begins to take a file in. `false` if the organization has no such workspace.
    async fn begin(&self, import: &Import) -> Result<bool, ImportError>;
    /// Keeps some rows of a file that is being taken in.
    async fn append(&self, import: ImportId, rows: &[RawRow]) -> Result<(), ImportError>;
    /// The file is complete: the import is seen from now on and waits for a worker. [`ImportError::Superseded`], and nothing seen,
    /// if the key behind the fence is lost.
    async fn queue(&self, import: &Import, fence: Option<Fence>) -> Result<(), ImportError>;
    /// Forgets a file that was not taken in.
    async fn discard(&self, import: ImportId) -> Result<(), ImportError>;
    /// One import.
    async fn get(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError>;
    /// Imports, newest first.
    async fn list(&self, caller: &Caller, filter: &ImportFilter) -> Result<Vec<Import>, ImportError>;
    /// Rows of an import, in the order of the file.
    async fn rows(&self, caller: &Caller, id: ImportId, filter: &RowFilter) -> Result<Vec<Row>, ImportError>;
    /// Stops an import that is not over, and forgets the contents of the rows nobody came to.
    async fn cancel(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError>;

    /// Claims at most so many imports that are due, for [`LEASE`].
    async fn claim(&self, limit: usize) -> Result<Vec<Claim>, ImportError>;
    /// How long until the next import is due.
    async fn next_due(&self) -> Result<Option<Duration>, ImportError>;
    /// The next rows of a claimed import, at most so many. [`ImportError::Lost`] if the claim is.
    async fn batch(&self, claim: Claim, limit: u16) -> Result<Batch, ImportError>;
    /// Writes what came of rows, makes their posts, and moves on behind them, all in one: so a row is dealt with once, whatever
    /// dies. Prolongs the claim. [`ImportError::Lost`] if it is lost, [`ImportError::Changed`] if a channel was disconnected or a
    /// key taken meanwhile; nothing is written then.
    async fn advance(&self, claim: Claim, rows: &[Decided]) -> Result<(), ImportError>;
    /// Every row was dealt with.
    async fn finish(&self, claim: Claim) -> Result<(), ImportError>;
    /// Stops the import, and forgets the contents of the rows nobody came to.
    async fn stop(&self, claim: Claim, reason: StopReason) -> Result<(), ImportError>;
    /// Lets others have their turn: the import is due again at once.
    async fn give_back(&self, claim: Claim) -> Result<(), ImportError>;
    /// A step came to nothing: the import is due again after a pause, or over if that happened [`MOST_FAILURES`] times since its
    /// last step that succeeded.
    async fn set_back(&self, claim: Claim) -> Result<(), ImportError>;
}
