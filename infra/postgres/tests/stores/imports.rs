//! Imports: every row once, whoever works on it and whoever dies over it.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream;
use postgres::imports::PgImportStore;
use publishing::{
    id::{ImportId, PostId},
    import::{
        Counts, Import, ImportError, ImportState, Imports, NewImport, Row, RowState, StopReason,
        store::{Claim, Decided, MOST_FAILURES, Outcome, RowFilter},
    },
    post::{Posts, store::PostStore},
    timing::Timing,
};
use tenancy::Clock;

use crate::publications::stage::Stage;

struct Now;

impl Clock for Now {
    fn now(&self) -> DateTime<Utc> {
        crate::publications::stage::now()
    }
}

struct Desk {
    stage: Stage,
    imports: Arc<Imports>,
}

impl Desk {
    /// An organization with a member.
    async fn set() -> Self {
        let stage = Stage::set().await;
        let (o, p) = (stage.caller.organization.uuid(), stage.caller.actor.answerable().uuid());
        stage
            .run(&format!(
                "INSERT INTO persons (id, mail_lookup, mail_sealed, password_hash, pepper_version)
                     VALUES ('{p}', sha256('{p}'), 'x', '$2b$12$' || repeat('x', 53), 1);
                 INSERT INTO memberships (organization_id, person_id, role) VALUES ('{o}', '{p}', 'owner');"
            ))
            .await;
        let posts = Arc::new(Posts {
            store: Arc::new(stage.posts.clone()),
            clock: Arc::new(Now),
            timing: Timing::default(),
        });
        let store = Arc::new(PgImportStore::new(stage.pool.clone(), Arc::new(Now)));
        Self { stage, imports: Arc::new(Imports { store, posts }) }
    }

    async fn receive(&self, dry_run: bool, file: impl Into<String>) -> Result<Import, ImportError> {
        let new = NewImport { workspace: self.stage.workspace, dry_run, time_zone: None, fence: None };
        let pieces = stream::iter([Ok(Bytes::from(file.into()))]);
        self.imports.receive(&self.stage.caller, new, pieces).await
    }

    async fn keys(&self, keys: impl Iterator<Item = u32>) -> Import {
        let file = keys.map(|key| format!("{key},Caption {key}\n")).collect::<Vec<_>>().concat();
        self.receive(false, format!("key,caption\n{file}")).await.unwrap()
    }

    async fn claim(&self) -> Claim {
        self.imports.store.claim(1).await.unwrap()[0]
    }

    /// Works one import off.
    async fn run(&self, claim: Claim) {
        loop {
            match self.imports.step(claim).await {
                Ok(true) | Err(ImportError::Changed) => {}
                Ok(false) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn see(&self, id: ImportId) -> Import {
        self.imports.get(&self.stage.caller, id).await.unwrap()
    }

    async fn states(&self, id: ImportId) -> Vec<RowState> {
        let filter = RowFilter { state: None, after: 0, limit: 1_000 };
        let rows = self.imports.rows(&self.stage.caller, id, &filter).await.unwrap();
        rows.into_iter().map(|row| row.state).collect()
    }
}

#[tokio::test]
async fn every_row_becomes_one_post_and_its_contents_are_forgotten() {
    let desk = Desk::set().await;
    let import = desk.keys(0..450).await;
    assert_eq!((import.state, import.counts.rows), (ImportState::Queued, 450));
    desk.run(desk.claim().await).await;
    let done = desk.see(import.id).await;
    let counts = Counts { rows: 450, read: 450, valid: 450, created: 450, ..Counts::default() };
    assert_eq!((done.state, done.counts), (ImportState::Done, counts));
    assert_eq!(desk.stage.count("posts").await, 450);
    assert_eq!(desk.stage.count("import_rows WHERE cells IS NOT NULL").await, 0);
    assert_eq!(desk.imports.store.next_due().await.unwrap(), None);
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_writes_nothing() {
    let desk = Desk::set().await;
    let import = desk.keys(0..300).await;
    let late = desk.claim().await;
    assert!(desk.imports.step(late).await.unwrap());
    assert!(desk.imports.store.claim(1).await.unwrap().is_empty(), "two have one import");
    desk.stage.run("UPDATE imports SET next_step_at = now() - interval '1 second'").await;
    let heir = desk.claim().await;
    assert!(matches!(desk.imports.step(late).await, Err(ImportError::Lost)));
    // It judged its rows before it lost the claim.
    let row = Decided { number: 202, key: "200".into(), outcome: Outcome::Failed(vec![]) };
    assert!(matches!(desk.imports.store.advance(late, &[row]).await, Err(ImportError::Lost)));
    assert!(matches!(desk.imports.store.finish(late).await, Err(ImportError::Lost)));
    desk.run(heir).await;
    assert_eq!(desk.see(import.id).await.counts.created, 300);
    assert_eq!(desk.stage.count("posts").await, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_imports_with_the_same_keys_make_each_post_once() {
    let desk = Desk::set().await;
    let forth = desk.keys(0..700).await;
    let back = desk.keys((0..700).rev()).await;
    let (one, other) = (desk.claim().await, desk.claim().await);
    tokio::join!(desk.run(one), desk.run(other));
    assert_eq!(desk.stage.count("posts").await, 700);
    assert_eq!(desk.stage.count("(SELECT DISTINCT caption FROM posts) one").await, 700);
    let (forth, back) = (desk.see(forth.id).await.counts, desk.see(back.id).await.counts);
    assert_eq!((forth.created + back.created, forth.skipped + back.skipped), (700, 700));
}

#[tokio::test]
async fn a_dry_run_makes_nothing_and_finds_keys_that_are_repeated_far_below() {
    let desk = Desk::set().await;
    let rows = (0..300).map(|key| format!("{key}\n")).collect::<Vec<_>>().concat();
    let import = desk.receive(true, format!("key\n{rows}7\n,\n")).await.unwrap();
    desk.run(desk.claim().await).await;
    let states = desk.states(import.id).await;
    assert_eq!(states[..300], [RowState::Valid; 300]);
    assert_eq!(states[300..], [RowState::Failed, RowState::Failed]);
    assert_eq!((desk.stage.count("posts").await, desk.stage.count("import_keys").await), (0, 0));
}

#[tokio::test]
async fn a_key_that_stands_twice_in_a_file_fails_the_second_row_and_a_file_that_is_sent_again_fails_none() {
    let desk = Desk::set().await;
    let import = desk.keys((0..300).chain([7, 299])).await;
    let claim = desk.claim().await;
    assert!(desk.imports.step(claim).await.unwrap());
    // Another worker goes on behind what was committed.
    desk.stage.run("UPDATE imports SET next_step_at = now() - interval '1 second'").await;
    desk.run(desk.claim().await).await;
    let counts = Counts { rows: 302, read: 302, valid: 300, created: 300, failed: 2, ..Counts::default() };
    assert_eq!(desk.see(import.id).await.counts, counts);
    let filter = RowFilter { state: Some(RowState::Failed), after: 0, limit: 9 };
    let failed = desk.imports.rows(&desk.stage.caller, import.id, &filter).await.unwrap();
    let said = |row: &Row| (row.violations[0].code.clone(), row.violations[0].message[..8].to_owned());
    let repeated = |above: &str| ("key_repeated".to_owned(), above.to_owned());
    assert_eq!(failed.iter().map(said).collect::<Vec<_>>(), [repeated("Row 9 ha"), repeated("Row 301 ")]);
    let again = desk.keys((0..300).chain([7, 299])).await;
    desk.run(desk.claim().await).await;
    assert_eq!(desk.see(again.id).await.counts.skipped, 302);
    assert_eq!(desk.stage.count("posts").await, 300);
}

#[tokio::test]
async fn a_row_whose_key_is_the_id_of_a_post_of_the_workspace_is_skipped() {
    let desk = Desk::set().await;
    let (mine, theirs) = (desk.stage.draft(&[]), desk.stage.neighbour().await);
    desk.stage.posts.insert(&mine, None).await.unwrap();
    let other = theirs.draft(&[]);
    theirs.posts.insert(&other, None).await.unwrap();
    let file = format!("key,caption\n{},a\n{},b\n{},c\n", mine.id, other.id, PostId::new());
    for (dry_run, made) in [(true, RowState::Valid), (false, RowState::Created)] {
        let import = desk.receive(dry_run, file.clone()).await.unwrap();
        desk.run(desk.claim().await).await;
        assert_eq!(desk.states(import.id).await, [RowState::Skipped, made, made]);
    }
    assert_eq!(desk.stage.count("posts").await, 4);
}

#[tokio::test]
async fn a_channel_on_which_a_row_plans_nothing_may_be_disconnected() {
    let desk = Desk::set().await;
    let (open, gone) = (desk.stage.channel().await, desk.stage.channel().await);
    desk.stage.disconnect(gone).await;
    let at = crate::publications::stage::now() + TimeDelta::days(1);
    let times = format!("{gone}=unplanned;{open}={}", at.to_rfc3339());
    let file = format!("key,caption,channels,channel_times,action\na,One,{open};{gone},{times},schedule\n");
    let import = desk.receive(false, file).await.unwrap();
    assert!(import.schedules);
    assert!(desk.imports.step(desk.claim().await).await.unwrap());
    assert_eq!(desk.states(import.id).await, [RowState::Created]);
    let planned =
        format!("publications WHERE channel_id = '{}' AND due_at = '{}'", open.uuid(), at.to_rfc3339());
    assert_eq!((desk.stage.count(&planned).await, desk.stage.count("publications").await), (1, 1));
}

#[tokio::test]
async fn an_import_of_somebody_who_left_stops_and_forgets() {
    let desk = Desk::set().await;
    let import = desk.keys(0..300).await;
    let claim = desk.claim().await;
    assert!(desk.imports.step(claim).await.unwrap());
    desk.stage.run("DELETE FROM memberships").await;
    assert!(!desk.imports.step(claim).await.unwrap());
    let stopped = desk.see(import.id).await;
    assert_eq!((stopped.state, stopped.reason), (ImportState::Failed, Some(StopReason::AuthorityGone)));
    assert_eq!((stopped.counts.created, desk.stage.count("posts").await), (200, 200));
    assert_eq!(desk.stage.count("import_rows WHERE cells IS NOT NULL").await, 0);
}

#[tokio::test]
async fn an_import_that_fails_again_and_again_waits_longer_each_time_and_ends() {
    let desk = Desk::set().await;
    let import = desk.keys(0..300).await;
    let mut claim = desk.claim().await;
    for failed in 0..MOST_FAILURES - 1 {
        desk.imports.store.set_back(claim).await.unwrap();
        let pause = desk.imports.store.next_due().await.unwrap().unwrap().as_secs_f64();
        let expected = 10.0 * f64::from(1_u32 << failed);
        assert!((expected - 9.0..=expected).contains(&pause), "{pause} after {failed}");
        desk.stage.run("UPDATE imports SET next_step_at = now() - interval '1 second'").await;
        claim = desk.claim().await;
    }
    // A step that succeeds begins the count anew.
    assert!(desk.imports.step(claim).await.unwrap());
    for _ in 0..MOST_FAILURES {
        assert_eq!(desk.see(import.id).await.state, ImportState::Running);
        desk.imports.store.set_back(claim).await.unwrap();
    }
    let over = desk.see(import.id).await;
    assert_eq!((over.state, over.reason), (ImportState::Failed, Some(StopReason::InternalError)));
    assert_eq!(desk.stage.count("posts").await, 200);
    assert_eq!(desk.stage.count("import_rows WHERE cells IS NOT NULL").await, 0);
    assert!(matches!(desk.imports.store.set_back(claim).await, Err(ImportError::Lost)));
}

#[tokio::test]
async fn a_cancelled_import_is_taken_from_its_worker() {
    let desk = Desk::set().await;
    let import = desk.keys(0..300).await;
    let claim = desk.claim().await;
    assert!(desk.imports.step(claim).await.unwrap());
    desk.imports.cancel(&desk.stage.caller, import.id).await.unwrap();
    assert!(matches!(desk.imports.step(claim).await, Err(ImportError::Lost)));
    assert_eq!(desk.see(import.id).await.state, ImportState::Cancelled);
    assert_eq!(desk.stage.count("posts").await, 200);
    let again = desk.imports.cancel(&desk.stage.caller, import.id).await;
    assert!(matches!(again, Err(ImportError::WrongState)));
}

#[tokio::test]
async fn a_file_that_breaks_off_or_is_refused_leaves_nothing() {
    let desk = Desk::set().await;
    let new = NewImport { workspace: desk.stage.workspace, dry_run: false, time_zone: None, fence: None };
    let rows = (0..2_000).map(|key| format!("{key}\n")).collect::<Vec<_>>().concat();
    let pieces = stream::iter([Ok(Bytes::from(format!("key\n{rows}"))), Err(ImportError::Interrupted)]);
    let broken = desk.imports.receive(&desk.stage.caller, new, pieces).await;
    assert!(matches!(broken, Err(ImportError::Interrupted)));
    let refused = desk.receive(false, format!("key\n{rows}\"\n")).await;
    assert!(matches!(refused, Err(ImportError::Invalid(_))));
    assert_eq!((desk.stage.count("imports").await, desk.stage.count("import_rows").await), (0, 0));
}

#[tokio::test]
async fn another_organization_sees_nothing_of_an_import() {
    let desk = Desk::set().await;
    let import = desk.keys(0..3).await;
    let stranger = desk.stage.neighbour().await.caller;
    let filter = RowFilter { state: None, after: 0, limit: 10 };
    assert!(matches!(desk.imports.get(&stranger, import.id).await, Err(ImportError::NotFound)));
    assert!(matches!(desk.imports.rows(&stranger, import.id, &filter).await, Err(ImportError::NotFound)));
    assert!(matches!(desk.imports.cancel(&stranger, import.id).await, Err(ImportError::NotFound)));
    let new = NewImport { workspace: desk.stage.workspace, dry_run: true, time_zone: None, fence: None };
    let pieces = stream::iter([Ok(Bytes::from_static(b"key\na\n"))]);
    assert!(matches!(desk.imports.receive(&stranger, new, pieces).await, Err(ImportError::NotFound)));
}
