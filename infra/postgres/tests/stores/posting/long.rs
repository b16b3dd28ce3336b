//! A channel that has a long future of its own: what a queue reads of it is what it needs.

use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use postgres::posting::PgPostingStore;
use publishing::{posting::store::PostingStore, timing::Timing};
use scheduling::queue::{Place, Refill};

use super::line::{Line, hours};

/// So many slots are taken by posts at times of their own.
const TAKEN: usize = 500;
/// So many posts come behind those, about four hours apart: a year and a half of them.
const FAR: usize = 3_500;

/// Copies the only post to an instant in each of the first slots, and to many behind them.
async fn book(line: &Line) {
    let first = hours(1)[0];
    line.stage
        .run(&format!(
            "CREATE TEMP TABLE copies AS SELECT gen_random_uuid() AS post, CASE WHEN n < {TAKEN} THEN '{first}'::timestamptz + n * interval '1 hour'
                ELSE '{first}'::timestamptz + {TAKEN} * interval '1 hour' + (n - {TAKEN}) * interval '233 minutes' + interval '7 seconds' END AS due
                FROM generate_series(0, {TAKEN} + {FAR} - 1) n;
            INSERT INTO posts (id, organization_id, workspace_id, caption, due_at, own_due_at, scheduled, author_person)
                SELECT c.post, o.organization_id, o.workspace_id, o.caption, c.due, c.due, true, o.author_person
                FROM posts o JOIN publications p ON p.post_id = o.id, copies c;
            INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at, deadline_at,
                    next_step_at, content, content_hash, approval_id)
                SELECT gen_random_uuid(), p.organization_id, p.workspace_id, c.post, p.channel_id, p.platform, p.remote_id, c.due, c.due,
                    c.due, p.content, p.content_hash, p.approval_id
                FROM publications p, copies c;
            DROP TABLE copies; ANALYZE;"
        ))
        .await;
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many rows of these two tables connections have read so far; of this one, all.
async fn rows_read(pool: &postgres::Pool, how: &str) -> i64 {
    use diesel_async::RunQueryDsl;
    let mut c = pool.get().await.unwrap();
    sql_query("SELECT pg_stat_force_next_flush()").execute(&mut c).await.unwrap();
    let sql = format!(
        "SELECT sum({how})::bigint AS n FROM pg_stat_user_tables WHERE relname IN ('publications', 'calendar_entries')"
    );
    sql_query(sql).get_result::<Count>(&mut c).await.unwrap().n
}

#[tokio::test]
async fn the_next_slot_is_found_behind_hundreds_that_are_taken_without_reading_two_years() {
    let line = Line::set(Refill::Leave).await;
    let early = line.stage.schedule(&[line.channel], chrono::TimeDelta::minutes(30)).await;
    assert_eq!(early.publications.len(), 1);
    book(&line).await;
    let slots = hours(TAKEN + 3);
    // One connection: what it has read is counted when its transaction ends.
    let pool = postgres::connect(&line.stage.url().await, 1).await.unwrap();
    let posting = PgPostingStore::new(pool.clone(), Timing::default());
    let before = (rows_read(&pool, "seq_tup_read").await, rows_read(&pool, "idx_tup_fetch").await);
    for place in [Place::First, Place::Last] {
        let asked = posting.queue(&line.stage.caller, line.channel, 3).await.unwrap();
        let found: Vec<_> = asked.queue.preview(place, asked.now).take(3).collect();
        assert_eq!(found, slots[TAKEN..]);
    }
    let after = (rows_read(&pool, "seq_tup_read").await, rows_read(&pool, "idx_tup_fetch").await);
    assert_eq!(after.0 - before.0, 0, "no table is read as a whole");
    let read = after.1 - before.1;
    assert!(read > 0 && read < 2 * 2 * 1_200, "{read} rows were fetched for two questions");
    assert_eq!(line.add().await.due_at, slots[TAKEN]);
    let first = line.add_to(&[line.channel], Place::First).await.unwrap();
    assert_eq!(first.publications[0].due_at, slots[TAKEN + 1]);
}
