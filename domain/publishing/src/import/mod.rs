//! Imports: files of posts (RFC 4180), taken in row by row, in the background, each row once.

mod cells;
mod channels;
mod error;
pub mod file;
mod formula;
mod read;
mod receive;
mod record;
mod run;
pub mod store;
mod times;
mod when;
mod wrong;

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tenancy::{OrganizationId, SessionId, WorkspaceId};
use zone::Tz;

pub use cells::{COLUMNS, Cells, Column};
pub use channels::NamedChannel;
pub use error::ImportError;
pub use receive::{NewImport, Pieces, digest};
pub use run::BATCH;
pub use times::TimeCells;

use crate::{
    id::{ImportId, PostId},
    post::{Author, Posts},
    publication::{UnknownWord, words},
};

/// The most rows of one file.
pub const MAX_ROWS: u32 = 100_000;

words! {
    /// Where an import stands.
    ImportState {
        /// Its file is still arriving; nobody sees it yet.
        Receiving => "receiving",
        /// It waits for a worker.
        Queued => "queued",
        /// A dry run is going through its rows.
        Validating => "validating",
        /// Its rows are being turned into posts.
        Running => "running",
        /// Every row was dealt with.
        Done => "done",
        /// It stopped; `reason` says why. What was made stays.
        Failed => "failed",
        /// Somebody stopped it. What was made stays.
        Cancelled => "cancelled",
    }
}

words! {
    /// Why an import stopped by itself.
    StopReason {
        /// Whoever made it left the organization, or the API key was revoked, expired, or may not do this any more.
        AuthorityGone => "authority_gone",
        /// A step failed again and again, for twenty minutes, although the database answers.
        InternalError => "internal_error",
    }
}

words! {
    /// What came of a row.
    RowState {
        /// Nobody came to it yet.
        Waiting => "waiting",
        /// It would become a post: dry runs only.
        Valid => "valid",
        /// It became a post.
        Created => "created",
        /// Its key was imported before, or is the id of a post of the workspace.
        Skipped => "skipped",
        /// It breaks a rule; no post was made.
        Failed => "failed",
    }
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of the file.
    pub rows: u32,
    /// Rows that were dealt with.
    pub read: u32,
    /// Rows that break no rule: those that became posts, or would.
    pub valid: u32,
    /// Posts that were made.
    pub created: u32,
    /// Rows whose key was imported before, or is the id of a post of the workspace.
    pub skipped: u32,
    /// Rows that break a rule.
    pub failed: u32,
}

/// A file of posts that is being taken in.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Where it stands.
    pub state: ImportState,
    /// Why it stopped.
    pub reason: Option<StopReason>,
    /// Whether its rows are judged only.
    pub dry_run: bool,
    /// The zone of local times beside which there is none.
    pub time_zone: Option<Tz>,
    /// SHA-256 of the file, in hexadecimal; empty while it arrives.
    pub digest: String,
    /// Who made it.
    pub author: Author,
    /// The session it was made in, for people.
    pub session: Option<SessionId>,
    /// Whether any row asks for publication.
    pub schedules: bool,
    /// How far it is.
    pub counts: Counts,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What is wrong with a cell. It never repeats what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellViolation {
    /// The column; none if it is about the row as a whole.
    pub column: Option<String>,
    /// What, as a stable code.
    pub code: String,
    /// What, in a sentence.
    pub message: String,
}

impl CellViolation {
    fn of(column: Option<Column>, code: &'static str, message: impl Into<String>) -> Self {
        let column = column.map(|column| column.to_string());
        Self { column, code: code.into(), message: message.into() }
    }
}

/// A row and what came of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number: the header is row 1, and lines that hold nothing do not count.
    pub number: u32,
    /// Its key.
    pub key: String,
    /// What came of it.
    pub state: RowState,
    /// The post it became, or the one that has its key.
    pub post: Option<PostId>,
    /// What is wrong with it.
    pub violations: Vec<CellViolation>,
}

/// The use cases of imports.
pub struct Imports {
    /// Imports and their rows.
    pub store: Arc<dyn store::ImportStore>,
    /// The use cases of posts, which make the posts.
    pub posts: Arc<Posts>,
}
