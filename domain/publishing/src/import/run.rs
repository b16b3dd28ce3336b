//! Working an import off, some rows at a time.

use std::collections::{BTreeMap, BTreeSet};

use tenancy::{Caller, Scope};

use super::{
    CellViolation, Column, Import, ImportError, Imports, StopReason,
    cells::Asked,
    file::RawRow,
    store::{Batch, Claim, Decided, Known, Outcome},
    wrong::violations_of,
};
use crate::post::{PostError, store::Facts};

/// Rows that are dealt with in one transaction.
pub const BATCH: u16 = 200;

/// A row as far as it was read: what it asks for, or what came of it.
type Read = Result<Asked, Outcome>;

/// Whether whoever made the import still may.
fn may(caller: &Caller, import: &Import) -> bool {
    caller.reaches(import.workspace)
        && caller.may(Scope::PostsWrite).is_ok()
        && (!import.schedules || caller.may(Scope::PostsPublish).is_ok())
}

/// A row whose key a row above it has. Passing over it without a word would lose a post that somebody meant.
fn repeated(above: u32) -> Outcome {
    let message = format!("Row {above} has the same key; each row needs one of its own.");
    Outcome::Failed(vec![CellViolation::of(Some(Column::Key), "key_repeated", message)])
}

impl Imports {
    /// Deals with the next rows of a claimed import. `false` when it is over.
    pub async fn step(&self, claim: Claim) -> Result<bool, ImportError> {
        let Batch { import, caller, rows, known, channels } = self.store.batch(claim, BATCH).await?;
        let Some(caller) = caller.filter(|caller| may(caller, &import)) else {
            self.store.stop(claim, StopReason::AuthorityGone).await?;
            return Ok(false);
        };
        if rows.is_empty() {
            self.store.finish(claim).await?;
            return Ok(false);
        }
        let mut read: Vec<(u32, String, Read)> = Vec::with_capacity(rows.len());
        for RawRow { number, cells } in rows {
            let key = cells.key.clone();
            let asked = match known.get(&key) {
                Some(Known::Before(post)) => Err(Outcome::Skipped(*post)),
                Some(Known::Above(row)) => Err(repeated(*row)),
                None => cells.read(&import, &channels).map_err(Outcome::Failed),
            };
            read.push((number, key, asked));
        }
        let facts = self.facts(&caller, &import, &read).await?;
        let decided = self.decide(&caller, &import, read, &facts)?;
        self.store.advance(claim, &decided).await?;
        Ok(true)
    }

    /// What the rows name, asked for once.
    async fn facts(
        &self,
        caller: &Caller,
        import: &Import,
        read: &[(u32, String, Read)],
    ) -> Result<Facts, ImportError> {
        let (mut channels, mut media) = (BTreeSet::new(), BTreeSet::new());
        for asked in read.iter().filter_map(|(_, _, asked)| asked.as_ref().ok()) {
            channels.extend(asked.draft.targets.iter().map(|target| target.channel));
            media.extend(asked.draft.content.media.iter().map(|one| one.media));
        }
        let (channels, media): (Vec<_>, Vec<_>) =
            (channels.into_iter().collect(), media.into_iter().collect());
        let facts = self.posts.store.facts(caller.organization, import.workspace, &channels, &media).await?;
        facts.ok_or(ImportError::NotFound)
    }

    fn decide(
        &self,
        caller: &Caller,
        import: &Import,
        read: Vec<(u32, String, Read)>,
        facts: &Facts,
    ) -> Result<Vec<Decided>, ImportError> {
        // A key belongs to the first row that breaks no rule.
        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        let mut decided = Vec::with_capacity(read.len());
        for (number, key, asked) in read {
            let outcome = match (asked, taken.get(&key)) {
                (Err(outcome), _) => outcome,
                (Ok(_), Some(first)) => repeated(*first),
                (Ok(asked), None) => self.judge(caller, import, asked, facts)?,
            };
            if matches!(outcome, Outcome::Create(_) | Outcome::Valid) {
                taken.insert(key.clone(), number);
            }
            decided.push(Decided { number, key, outcome });
        }
        Ok(decided)
    }

    fn judge(
        &self,
        caller: &Caller,
        import: &Import,
        asked: Asked,
        facts: &Facts,
    ) -> Result<Outcome, ImportError> {
        let Asked { draft, schedule } = asked;
        match self.posts.compose(caller, draft, schedule, facts) {
            Ok(_) if import.dry_run => Ok(Outcome::Valid),
            Ok(composed) => Ok(Outcome::Create(Box::new(composed))),
            Err(PostError::Invalid(wrong)) => Ok(Outcome::Failed(violations_of(&wrong, schedule))),
            Err(error) => Err(error.into()),
        }
    }
}
