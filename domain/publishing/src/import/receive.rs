//! Taking a file in while it arrives. Its rows are kept as they come; nothing is judged yet but that it is a file of rows.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tenancy::{Actor, Caller, Scope, WorkspaceId, idempotency::Fence};
use zone::Tz;

use super::{
    Counts, Import, ImportError, ImportState, Imports,
    file::{FileReader, RawRow},
};
use crate::id::ImportId;

/// Rows are kept so many at a time …
const ROWS_AT_ONCE: usize = 500;
/// … or fewer, when they have so many bytes: longer ones would cost memory.
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// An import to be made.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whether its rows are only to be judged.
    pub dry_run: bool,
    /// The zone of local times beside which there is none.
    pub time_zone: Option<Tz>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// The pieces of a file as they come in; an error is the end of a connection.
pub trait Pieces: Stream<Item = Result<Bytes, ImportError>> + Send + Unpin {}
impl<T: Stream<Item = Result<Bytes, ImportError>> + Send + Unpin> Pieces for T {}

/// What was read and not kept yet.
#[derive(Default)]
struct Heap {
    rows: Vec<RawRow>,
    bytes: usize,
    schedules: bool,
}

impl Heap {
    fn add(&mut self, row: RawRow) {
        self.schedules |= row.cells.schedules();
        self.rows.push(row);
    }

    fn is_high(&self) -> bool {
        self.rows.len() >= ROWS_AT_ONCE || self.bytes >= BYTES_AT_ONCE
    }
}

/// SHA-256 of a file that is read to its end and not kept, in hexadecimal.
pub async fn digest(mut pieces: impl Pieces) -> Result<String, ImportError> {
    let mut hash = Sha256::new();
    while let Some(piece) = pieces.next().await {
        hash.update(piece?);
    }
    Ok(hex::encode(hash.finalize()))
}

impl Imports {
    /// Takes a file in. The import is there when all of it is; otherwise nothing is kept.
    pub async fn receive(
        &self,
        caller: &Caller,
        new: NewImport,
        pieces: impl Pieces,
    ) -> Result<Import, ImportError> {
        caller.may(Scope::PostsWrite)?;
        let fence = new.fence;
        let mut import = self.receiving(caller, &new);
        if !caller.reaches(new.workspace) || !self.store.begin(&import).await? {
            return Err(ImportError::NotFound);
        }
        let taken = async {
            self.take(caller, &mut import, pieces).await?;
            self.store.queue(&import, fence).await
        };
        if let Err(error) = taken.await {
            // What cannot be forgotten now is found by retention.
            let _ = self.store.discard(import.id).await;
            return Err(error);
        }
        Ok(import)
    }

    fn receiving(&self, caller: &Caller, new: &NewImport) -> Import {
        let session = match caller.actor {
            Actor::Member { session, .. } => Some(session),
            Actor::ApiKey { .. } => None,
        };
        Import {
            id: ImportId::new(),
            organization: caller.organization,
            workspace: new.workspace,
            state: ImportState::Queued,
            reason: None,
            dry_run: new.dry_run,
            time_zone: new.time_zone,
            digest: String::new(),
            author: (&caller.actor).into(),
            session,
            schedules: false,
            counts: Counts::default(),
            created_at: self.posts.clock.now(),
            ended_at: None,
        }
    }

    async fn take(
        &self,
        caller: &Caller,
        import: &mut Import,
        mut pieces: impl Pieces,
    ) -> Result<(), ImportError> {
        let (mut reader, mut hash, mut heap) = (FileReader::default(), Sha256::new(), Heap::default());
        let refused = |wrong| ImportError::Invalid(vec![wrong]);
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            hash.update(&piece);
            heap.bytes += piece.len();
            // A piece may be as large as the server likes; what ends in it is kept before the next part of it is read.
            for part in piece.chunks(64 * 1024) {
                reader.push(part, |row| heap.add(row)).map_err(refused)?;
                if heap.is_high() {
                    self.keep(caller, import, &mut heap).await?;
                }
            }
        }
        reader.finish(|row| heap.add(row)).map_err(refused)?;
        self.keep(caller, import, &mut heap).await?;
        import.digest = hex::encode(hash.finalize());
        import.counts.rows = reader.number() - 1;
        Ok(())
    }

    async fn keep(&self, caller: &Caller, import: &mut Import, heap: &mut Heap) -> Result<(), ImportError> {
        import.schedules |= heap.schedules;
        if import.schedules {
            // Somebody who may not publish is told before anything is made; the worker asks again.
            caller.may(Scope::PostsPublish)?;
        }
        self.store.append(import.id, &heap.rows).await?;
        heap.rows.clear();
        heap.bytes = 0;
        Ok(())
    }
}
