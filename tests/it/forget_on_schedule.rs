//! Forgetting: what the retention table says is what happens, a little before and a little after each deadline.

use std::time::Duration;

use postern::Roles;
use retention::{Keep, Rule, Topic, rules};
use serde_json::json;

use crate::support::{Person, World, pictures::jpeg, process::Process, until::until};

const WORKERS: Roles = Roles { api: true, workers: true };

/// How rows of a topic are made to look as old as `{age}`, and how those that are left are counted.
struct Ageing {
    age: &'static str,
    left: &'static str,
}

/// What the sweep of a topic looks at. A rule with a period that has no line here fails the story below.
fn ageing(topic: Topic) -> Option<Ageing> {
    let (age, left) = match topic {
        Topic::SessionOrigins => (
            "UPDATE sessions SET last_used_at = now() - {age}",
            "SELECT count(*) FROM sessions WHERE address_sealed IS NOT NULL",
        ),
        Topic::Sessions => {
            ("UPDATE sessions SET last_used_at = now() - {age}", "SELECT count(*) FROM refresh_tokens")
        }
        Topic::Throttles => {
            ("UPDATE throttles SET forget_at = now() - {age}", "SELECT count(*) FROM throttles")
        }
        Topic::ApiKeys => (
            "UPDATE api_keys SET revoked_at = now() - {age} WHERE revoked_at IS NOT NULL",
            "SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL",
        ),
        Topic::IdempotentAnswers => (
            "UPDATE idempotency_keys SET created_at = now() - {age}",
            "SELECT count(*) FROM idempotency_keys",
        ),
        Topic::StagedUploads => (
            "UPDATE media_objects SET updated_at = now() - {age}, created_at = now() - {age} WHERE state = 'storing'",
            "SELECT count(*) FROM media_objects WHERE state = 'storing'",
        ),
        Topic::DeletedMedia => (
            "UPDATE media_assets SET deleted_at = now() - {age} WHERE deleted_at IS NOT NULL",
            "SELECT count(*) FROM media_assets WHERE deleted_at IS NOT NULL",
        ),
        Topic::Events => ("UPDATE events SET created_at = now() - {age}", "SELECT count(*) FROM events"),
        Topic::BulkCreations | Topic::UnfinishedImports | Topic::Imports => return ageing_of_imports(topic),
        _ => return ageing_of_logins(topic),
    };
    Some(Ageing { age, left })
}

fn ageing_of_imports(topic: Topic) -> Option<Ageing> {
    let (age, left) = match topic {
        Topic::BulkCreations => {
            ("UPDATE bulk_creations SET created_at = now() - {age}", "SELECT count(*) FROM bulk_creations")
        }
        Topic::UnfinishedImports => (
            "UPDATE imports SET created_at = now() - {age} WHERE state = 'receiving'",
            "SELECT count(*) FROM imports WHERE state = 'receiving'",
        ),
        Topic::Imports => (
            "UPDATE imports SET ended_at = now() - {age} WHERE ended_at IS NOT NULL",
            "SELECT count(*) FROM import_rows",
        ),
        _ => return None,
    };
    Some(Ageing { age, left })
}

fn ageing_of_logins(topic: Topic) -> Option<Ageing> {
    let (age, left) = match topic {
        Topic::ConnectionAttempts => (
            "UPDATE connection_attempts SET expires_at = now() - {age} WHERE stage = 'failed'",
            "SELECT count(*) FROM connection_attempts WHERE stage = 'failed'",
        ),
        Topic::UnfinishedConnections => (
            "UPDATE connections SET updated_at = now() - {age} WHERE state = 'new'",
            "SELECT count(*) FROM connections c WHERE state = 'new' AND NOT EXISTS (SELECT FROM connection_attempts a
                WHERE a.connection_id = c.id AND a.stage <> 'failed')",
        ),
        Topic::PendingSelections => (
            "UPDATE pending_selections SET created_at = now() - {age}",
            "SELECT count(*) FROM pending_selections",
        ),
        _ => return None,
    };
    Some(Ageing { age, left })
}

/// One row of every kind that ends.
async fn leave_traces(world: &World, person: &Person) {
    person.connect().await;
    let (key, _) = person.grant(json!({ "name": "old", "scopes": ["posts:read"] })).await;
    person.delete(&format!("/v1/api_keys/{key}")).await.is(204);
    person.write("Kept for a repeated request", &[], json!({})).await;
    let picture = person.upload(jpeg([6, 6, 6])).await;
    person.delete(&format!("/v1/media/{picture}")).await.is(204);
    let refused = json!({ "mail": "stranger@example.org", "password": "wrong" });
    person.post("/v1/sessions", refused).await.is(401);
    let cancelled = person.begin().await;
    person.come_back(&cancelled.answer("cancel", &[]).await).await.is(200);
    let open = person.begin().await;
    person.complete(&open, &[]).await;
    let item = json!({ "post": { "workspace_id": person.workspace } });
    let many = person.request("POST", "/v1/posts/bulk/create").header("Idempotency-Key", "many");
    person.send(many.json(&json!({ "items": [item] }))).await.is(207);
    let import = person.import(&person.workspace, "?dry_run=true", "key\na\n").await.is(202).text("/id");
    person.until_imported(&import).await;
    let broken_off = "INSERT INTO imports (id, organization_id, workspace_id, state, dry_run, author_person, author_session)
        SELECT gen_random_uuid(), organization_id, id, 'receiving', true, gen_random_uuid(), gen_random_uuid() FROM workspaces";
    world.database.execute(broken_off, &[]).await;
    let staged =
        "INSERT INTO media_objects (id, organization_id, name, digest, bytes, content_key_sealed, state)
        SELECT gen_random_uuid(), id, md5('a') || '/' || md5('b'), sha256('x'), 1, 'x', 'storing' FROM organizations";
    world.database.execute(staged, &[]).await;
}

async fn age(world: &World, what: &Ageing, age: Duration) {
    let age = format!("interval '{} seconds'", age.as_secs());
    world.database.execute(&what.age.replace("{age}", &age), &[]).await;
}

fn ending() -> Vec<(&'static Rule, Duration, Ageing)> {
    // What ends at once has stories of its own below.
    let of = |rule: &'static Rule| match rule.keep {
        Keep::For(period) if !period.is_zero() => {
            let line = ageing(rule.topic);
            Some((rule, period, line.unwrap_or_else(|| panic!("no story ages {}", rule.topic.as_str()))))
        }
        _ => None,
    };
    rules().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_ends_is_there_before_its_deadline_and_gone_after_it() {
    let mut world = World::start().await;
    let person = world.sign_up("Forgetful").await;
    leave_traces(&world, &person).await;
    world.stop().await;
    let margin = Duration::from_mins(2);
    for (_, period, what) in &ending() {
        age(&world, what, period.saturating_sub(margin)).await;
    }
    // The longest period comes last, since two rules go by a session's last use.
    let mut before = Vec::new();
    for (rule, _, what) in &ending() {
        let left = world.database.number(what.left).await;
        assert!(left > 0, "there is nothing to forget about {}", rule.topic.as_str());
        before.push(left);
    }
    sweep(&mut world).await;
    for ((rule, period, what), before) in ending().iter().zip(before) {
        let is_origin = rule.topic == Topic::SessionOrigins;
        let kept = if is_origin { 0 } else { before };
        assert_eq!(
            world.database.number(what.left).await,
            kept,
            "{} went before {period:?}",
            rule.topic.as_str()
        );
        age(&world, what, *period + margin).await;
    }
    age(&world, &ageing(Topic::Sessions).unwrap(), Duration::from_hours(90 * 24) + margin).await;
    sweep(&mut world).await;
    for (rule, period, what) in &ending() {
        assert_eq!(
            world.database.number(what.left).await,
            0,
            "{} is there after {period:?}",
            rule.topic.as_str()
        );
    }
}

/// Every sweep runs once at the start of a worker; it is over when a row that every run removes is gone, and workers stop only
/// after the sweep in hand.
async fn sweep(world: &mut World) {
    let probe = "INSERT INTO events (organization_id, kind, subject_id, created_at)
        VALUES (gen_random_uuid(), 'probe', gen_random_uuid(), now() - interval '1 year')";
    world.database.execute(probe, &[]).await;
    world.run(WORKERS).await;
    let ask = async || world.database.number("SELECT count(*) FROM events WHERE kind = 'probe'").await;
    until("swept", ask, |left| *left == 0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_of_sessions_are_forgotten_before_the_sessions_are() {
    let mut world = World::start().await;
    let person = world.sign_up("Elsewhere").await;
    let with_address = "SELECT count(*) FROM sessions WHERE address_sealed IS NOT NULL";
    assert_eq!(world.database.number(with_address).await, 1);
    for (days, left) in [(29, 1), (31, 0)] {
        let age = format!("UPDATE sessions SET last_used_at = now() - interval '{days} days'");
        world.database.execute(&age, &[]).await;
        sweep(&mut world).await;
        assert_eq!(world.database.number(with_address).await, left, "after {days} days");
        assert_eq!(world.database.number("SELECT count(*) FROM sessions").await, 1);
    }
    world.run(WORKERS).await;
    person.get("/v1/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_of_deleted_media_are_gone_from_the_disk() {
    let world = World::start().await;
    let person = world.sign_up("Tidy").await;
    let files = async || files_below(&world.state_dir().join("media"));
    assert_eq!(files().await, 0);
    let picture = person.upload(jpeg([2, 4, 6])).await;
    assert_eq!(files().await, 1);
    person.delete(&format!("/v1/media/{picture}")).await.is(204);
    until("gone from the disk", files, |count| *count == 0).await;
    assert_eq!(world.database.number("SELECT count(*) FROM media_objects").await, 0);
    person.get(&format!("/v1/media/{picture}")).await.refuses(404, "not_found");
}

fn files_below(directory: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let of = |path: std::path::PathBuf| if path.is_dir() { files_below(&path) } else { 1 };
    entries.map(|entry| of(entry.unwrap().path())).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_outlived_their_connection_are_destroyed_and_somebody_is_told() {
    let mut world = World::start().await;
    let person = world.sign_up("Orphans").await;
    person.connect().await;
    world.stop().await;
    // As a mistake in a later version, or by hand: the connection ends and its tokens stay.
    world.database.execute("UPDATE connections SET state = 'disconnected', next_check_at = NULL", &[]).await;
    let worker = Process::start(&["work"], world.environment());
    let tokens = "SELECT (SELECT count(*) FROM connection_tokens) + (SELECT count(*) FROM channel_tokens)
        + (SELECT count(*) FROM connection_keys)";
    let ask = async || world.database.number(tokens).await;
    until("destroyed", ask, |left| *left == 0).await;
    worker.until_said("tokens outlived their connection").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_without_a_rule() {
    let world = World::prepare(&[]).await;
    let tables = "SELECT table_name::text FROM information_schema.tables
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";
    let rows = world.database.query(tables, &[]).await;
    assert!(rows.len() > 20);
    for row in rows {
        let table: String = row.get(0);
        assert!(
            retention::rules_of_table(&table).next().is_some(),
            "{table} has no rule in domain/retention"
        );
    }
}
