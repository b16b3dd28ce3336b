//! Events: read in order, none passed over, and each caller only its own.

use std::time::Duration;

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use postgres::events::PgEventStore;
use publishing::{
    event::{EventError, EventFilter, EventStore, Part, Position, Subject},
    id::PublicationId,
};
use tenancy::{Caller, Reach, WorkspaceId};
use uuid::Uuid;

use crate::publications::stage::Stage;

fn filter(limit: usize) -> EventFilter {
    EventFilter { channels: true, limit, ..EventFilter::default() }
}

async fn list(stage: &Stage, caller: &Caller, filter: &EventFilter) -> Part {
    PgEventStore::new(stage.pool.clone()).list(caller, filter).await.unwrap()
}

/// Reads until there are at least so many: transactions of other databases of the server may hold some back for a moment.
async fn until(stage: &Stage, caller: &Caller, filter: &EventFilter, count: usize) -> Part {
    for _ in 0..600 {
        let part = list(stage, caller, filter).await;
        if part.events.len() >= count {
            return part;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there are never {count} events");
}

fn kinds(part: &Part) -> Vec<&str> {
    part.events.iter().map(|event| event.kind.as_str()).collect()
}

/// Tells of something that happened to a publication.
fn tell(stage: &Stage, kind: &str, subject: Uuid) -> String {
    let owner = stage.caller.organization.uuid();
    format!(
        "INSERT INTO events (organization_id, kind, subject_id) VALUES ('{owner}', '{kind}', '{subject}');"
    )
}

#[tokio::test]
async fn events_come_oldest_first_page_by_page_with_what_they_are_about() {
    let stage = Stage::set().await;
    let id = stage.due().await;
    let channel = stage.see(id).await.channel;
    for (kind, subject) in [
        ("publication.at_risk", id.uuid()),
        ("channel.needs_reauth", channel.uuid()),
        ("publication.missed", id.uuid()),
        ("moon.full", Uuid::nil()),
    ] {
        stage.run(&tell(&stage, kind, subject)).await;
    }
    let all = until(&stage, &stage.caller, &filter(10), 4).await;
    assert_eq!(
        kinds(&all),
        ["publication.at_risk", "channel.needs_reauth", "publication.missed", "moon.full"]
    );
    assert_eq!(all.next, None);
    let post = stage.see(id).await.post;
    assert_eq!(all.events[0].subject, Subject::Publication(id, Some(post)));
    assert_eq!(
        (all.events[1].subject, all.events[1].workspace),
        (Subject::Channel(channel), Some(stage.workspace))
    );
    assert_eq!((all.events[3].subject, all.events[3].workspace), (Subject::Other, None));

    let first = list(&stage, &stage.caller, &filter(3)).await;
    assert_eq!((first.events.len(), first.next), (3, Some(all.events[2].position)));
    let rest = list(&stage, &stage.caller, &EventFilter { after: first.next, ..filter(3) }).await;
    assert_eq!((kinds(&rest), rest.next), (vec!["moon.full"], None));
    let only = EventFilter { kinds: vec!["publication.missed".into(), "moon.full".into()], ..filter(10) };
    assert_eq!(kinds(&list(&stage, &stage.caller, &only).await), ["publication.missed", "moon.full"]);
    let posts = EventFilter { channels: false, ..filter(10) };
    assert!(!kinds(&list(&stage, &stage.caller, &posts).await).contains(&"channel.needs_reauth"));
}

#[tokio::test]
async fn what_a_slower_transaction_writes_is_not_passed_over() {
    let stage = Stage::set().await;
    let id = stage.due().await.uuid();
    let mut slow = stage.pool.get().await.unwrap();
    slow.batch_execute(&format!("BEGIN; {}", tell(&stage, "publication.slow", id))).await.unwrap();
    stage.run(&tell(&stage, "publication.fast", id)).await;
    let early = list(&stage, &stage.caller, &filter(10)).await;
    assert!(early.events.is_empty(), "the fast one could not be followed by the slow one any more");
    slow.batch_execute("COMMIT").await.unwrap();
    let all = until(&stage, &stage.caller, &filter(10), 2).await;
    assert_eq!(kinds(&all), ["publication.slow", "publication.fast"]);
    // The other way round: the one that began first draws the higher number, and ends last.
    let after = all.events[1].position;
    slow.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    stage.run(&tell(&stage, "publication.second", id)).await;
    slow.batch_execute(&tell(&stage, "publication.first", id)).await.unwrap();
    let held = list(&stage, &stage.caller, &EventFilter { after: Some(after), ..filter(10) }).await;
    assert!(held.events.is_empty());
    slow.batch_execute("COMMIT").await.unwrap();
    let rest = until(&stage, &stage.caller, &EventFilter { after: Some(after), ..filter(10) }, 2).await;
    assert_eq!(kinds(&rest), ["publication.first", "publication.second"]);
}

#[tokio::test]
async fn a_caller_of_one_workspace_reads_its_events_and_reaches_the_end_however_few_they_are() {
    let stage = Stage::set().await;
    let sibling = Stage { workspace: WorkspaceId::new(), ..stage.clone() };
    let (o, w) = (stage.caller.organization.uuid(), sibling.workspace.uuid());
    stage
        .run(&format!(
            "INSERT INTO workspaces (id, organization_id, name, time_zone, late_minutes) VALUES ('{w}', '{o}', 'Tea', 'UTC', 5)"
        ))
        .await;
    let (own, other) = (sibling.due().await, stage.due().await);
    let many = format!(
        "INSERT INTO events (organization_id, kind, subject_id) SELECT '{o}', 'publication.failed', '{}' FROM generate_series(1, 5100);",
        other.uuid()
    );
    stage.run(&many).await;
    stage.run(&tell(&stage, "publication.published", own.uuid())).await;
    stage.run(&tell(&stage, "publication.published", PublicationId::new().uuid())).await;
    until(&stage, &stage.caller, &filter(6_000), 5_102).await;
    let limited =
        Caller { reach: Reach::Only([sibling.workspace].into_iter().collect()), ..stage.caller.clone() };
    let first = list(&stage, &limited, &filter(10)).await;
    assert!(
        first.events.is_empty() && first.next.is_some(),
        "much was looked through, and nothing found yet"
    );
    let second = list(&stage, &limited, &EventFilter { after: first.next, ..filter(10) }).await;
    assert_eq!((second.events.len(), second.next), (1, None), "what is gone belongs to nobody in particular");
    assert_eq!(second.events[0].workspace, Some(sibling.workspace));
    let neighbour = stage.neighbour().await;
    assert!(list(&stage, &neighbour.caller, &filter(10)).await.events.is_empty());
}

#[tokio::test]
async fn a_position_from_another_life_of_the_database_is_refused() {
    let stage = Stage::set().await;
    let after = Some(Position { transaction: i64::MAX, number: 1 });
    let asked =
        PgEventStore::new(stage.pool.clone()).list(&stage.caller, &EventFilter { after, ..filter(10) }).await;
    assert!(matches!(asked, Err(EventError::Unknown)));
}

#[tokio::test]
async fn what_becomes_of_a_publication_is_read_as_events() {
    let stage = Stage::set().await;
    let id = stage.schedule(&[stage.channel().await], TimeDelta::hours(1)).await.publications[0].id;
    stage.cancel(id).await.unwrap();
    let read = until(&stage, &stage.caller, &filter(10), 1).await;
    assert_eq!(kinds(&read), ["publication.cancelled"]);
}
