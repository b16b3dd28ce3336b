//! Imports: files of posts, taken in row by row in the background.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    types::ParseFromJSON,
};
use publishing::{
    id,
    import::{
        self, CellViolation, ImportError, Imports, NewImport, digest,
        store::{ImportFilter, RowFilter},
    },
};
use tenancy::id::{ApiKey, Person, Workspace};

use super::{Chapter, csv_body::CsvBody};
use crate::{
    answer::{Found, Queued},
    problem::{Answer, Code, Problem},
    request::{
        Access, After, Cursors, Limit, Once, Page,
        permissions::{ReadPosts, WritePosts},
    },
    value::{Id, ImportRowStateName, ImportStateName, ImportStopName, Instant, Zone},
};

/// A file of posts that is being taken in.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Import {
    /// The identifier.
    id: Id<id::Import>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// Where it stands.
    state: ImportStateName,
    /// Why it stopped by itself.
    reason: Option<ImportStopName>,
    /// Whether its rows are only judged.
    dry_run: bool,
    /// The zone of local times beside which there is none.
    time_zone: Option<Zone>,
    /// SHA-256 of the file, in hexadecimal.
    digest: String,
    /// Rows of the file, without its header.
    rows: u32,
    /// Rows that were dealt with so far.
    read: u32,
    /// Those that break no rule: they became posts, or would.
    valid: u32,
    /// Posts that were made.
    created: u32,
    /// Rows whose key was imported before, or is the id of a post of the workspace.
    skipped: u32,
    /// Rows that break a rule; see the rows with the state `failed`.
    failed: u32,
    /// The person who answers for it.
    author_id: Id<Person>,
    /// The API key it came with, if it did.
    api_key_id: Option<Id<ApiKey>>,
    /// When it was made.
    created_at: Instant,
    /// When it ended.
    ended_at: Option<Instant>,
}

impl From<import::Import> for Import {
    fn from(one: import::Import) -> Self {
        let counts = one.counts;
        Self {
            id: one.id.into(),
            workspace_id: one.workspace.into(),
            state: ImportStateName(one.state),
            reason: one.reason.map(ImportStopName),
            dry_run: one.dry_run,
            time_zone: one.time_zone.map(Zone),
            digest: one.digest,
            rows: counts.rows,
            read: counts.read,
            valid: counts.valid,
            created: counts.created,
            skipped: counts.skipped,
            failed: counts.failed,
            author_id: one.author.person.into(),
            api_key_id: one.author.api_key.map(Into::into),
            created_at: one.created_at.into(),
            ended_at: one.ended_at.map(Into::into),
        }
    }
}

/// A row of an import and what came of it.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ImportRow {
    /// Its number: the header is row 1, a text of several lines is part of its row, and lines that hold nothing do not count.
    row: u32,
    /// Its key.
    key: String,
    /// What came of it.
    state: ImportRowStateName,
    /// The post it became, or the one that has its key. It may have been deleted since.
    post_id: Option<Id<id::Post>>,
    /// What is wrong with it.
    violations: Vec<ImportViolation>,
}

/// What is wrong with a cell, or with a row as a whole. It never repeats what stands there.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ImportViolation {
    /// The column; absent if it is about the row as a whole.
    column: Option<String>,
    /// What, as a stable code: one of `ViolationCode`.
    code: String,
    /// What, in a sentence.
    message: String,
}

impl From<CellViolation> for ImportViolation {
    fn from(wrong: CellViolation) -> Self {
        Self { column: wrong.column, code: wrong.code, message: wrong.message }
    }
}

impl From<import::Row> for ImportRow {
    fn from(row: import::Row) -> Self {
        Self {
            row: row.number,
            key: row.key,
            state: ImportRowStateName(row.state),
            post_id: row.post.map(Into::into),
            violations: row.violations.into_iter().map(Into::into).collect(),
        }
    }
}

/// Imports.
pub struct ImportsResource {
    /// The use cases.
    pub imports: Arc<Imports>,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

fn queued(import: Import) -> Queued<Import> {
    Queued::at(format!("/v1/imports/{}", import.id), import)
}

/// Refuses a repeated file that is not the one with this digest.
async fn same_file(file: CsvBody, first: &str) -> Result<(), Problem> {
    match digest(file.pieces).await {
        Ok(found) if found == first => Ok(()),
        Ok(_) => Err(Problem::of(Code::IdempotencyMismatch)),
        Err(error) => Err(error.into()),
    }
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl ImportsResource {
    /// Import a file of posts
    ///
    /// The file is kept row by row while it arrives, up to 100,000 rows; then workers turn rows into posts. What is no file of rows
    /// is refused as a whole; what is wrong with single rows is told at `listImportRows`. A row whose `key` was imported into the
    /// workspace before, or is the id of one of its posts, is skipped: neither a file that is sent again nor an export makes a post
    /// twice. A key that stands twice in one file fails the second row. A row may say `schedule`: for that the
    /// caller needs the scope `posts:publish`, now and until the import is done. With an `Idempotency-Key` a repeated request has to
    /// bring the same file again.
    #[oai(path = "/workspaces/:id/imports", method = "post", operation_id = "createImport")]
    async fn create(
        &self,
        caller: Access<WritePosts>,
        id: Path<Id<Workspace>>,
        /// Only judge the rows, and make nothing.
        dry_run: Query<Option<bool>>,
        /// The zone of local times beside which there is none.
        time_zone: Query<Option<Zone>>,
        idempotency_key: Once,
        file: CsvBody,
    ) -> Answer<Queued<Import>> {
        if let Some(first) = &file.first {
            let import = Import::parse_from_json_string(&first.0)
                .map_err(|_| Problem::internal("a kept answer is not an import"))?;
            same_file(file, &import.digest).await?;
            return Ok(queued(import));
        }
        let fence = match idempotency_key {
            Once::Make(fence) => fence,
            Once::Made(id) => {
                let import: Import = self.imports.made(&caller, id::ImportId::from_uuid(id)).await?.into();
                same_file(file, &import.digest).await?;
                return Ok(queued(import));
            }
        };
        let (dry_run, time_zone) = (dry_run.0.unwrap_or(false), time_zone.0.map(|zone| zone.0));
        let new = NewImport { workspace: id.0.0, dry_run, time_zone, fence };
        Ok(queued(self.imports.receive(&caller, new, file.pieces).await?.into()))
    }

    /// List imports
    ///
    /// Newest first. An import is forgotten 30 days after its end.
    #[oai(path = "/imports", method = "get", operation_id = "listImports")]
    async fn list(
        &self,
        caller: Access<ReadPosts>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only of this workspace.
        workspace_id: Query<Option<Id<Workspace>>>,
    ) -> Answer<Found<Page<Import>>> {
        let list = self.cursors.list("imports", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let workspace = workspace_id.0.map(|id| id.0);
        let filter = ImportFilter { workspace, after: part.after, limit: part.limit };
        // As for a workspace that does not exist: there is nothing in it.
        let rows = match self.imports.list(&caller, &filter).await {
            Err(ImportError::NotFound) => Vec::new(),
            rows => rows?,
        };
        Ok(Found::plain(list.page(rows, |one| one.id)?))
    }

    /// Get an import
    ///
    /// With how far it is.
    #[oai(path = "/imports/:id", method = "get", operation_id = "getImport")]
    async fn get(&self, caller: Access<ReadPosts>, id: Path<Id<id::Import>>) -> Answer<Found<Import>> {
        Ok(Found::plain(self.imports.get(&caller, id.0.0).await?.into()))
    }

    /// List the rows of an import
    ///
    /// In the order of the file, each with what came of it.
    #[oai(path = "/imports/:id/rows", method = "get", operation_id = "listImportRows")]
    async fn rows(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<id::Import>>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only in this state.
        state: Query<Option<ImportRowStateName>>,
    ) -> Answer<Found<Page<ImportRow>>> {
        let (list, owner) = ("import_rows", caller.organization);
        let after = after.0.map(|cursor| self.cursors.open::<u32>(list, owner, &cursor)).transpose()?;
        let state = state.0.map(|state| state.0);
        let filter = RowFilter { state, after: after.unwrap_or(0), limit: limit.0.0 + 1 };
        let mut rows = self.imports.rows(&caller, id.0.0, &filter).await?;
        let more = rows.len() > usize::from(limit.0.0);
        rows.truncate(limit.0.0.into());
        let end = rows.last().filter(|_| more).map(|row| row.number);
        let next_cursor = end.map(|row| self.cursors.seal(list, owner, &row)).transpose()?;
        Ok(Found::plain(Page { data: rows.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Stop an import
    ///
    /// Rows that were not dealt with become nothing. Posts that were made stay.
    #[oai(path = "/imports/:id/cancel", method = "post", operation_id = "cancelImport")]
    async fn cancel(&self, caller: Access<WritePosts>, id: Path<Id<id::Import>>) -> Answer<Found<Import>> {
        Ok(Found::plain(self.imports.cancel(&caller, id.0.0).await?.into()))
    }
}
