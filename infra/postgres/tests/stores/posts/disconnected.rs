//! Plans that meet a disconnection: whoever comes first, nobody waits for the other in a circle, and nothing stays planned onto
//! a channel that is gone.

use chrono::TimeDelta;
use diesel::{QueryableByName, sql_query, sql_types::Bool};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use postgres::connections::PgConnectionStore;
use publishing::{
    connection::ConnectionStore,
    id::{ChannelId, ConnectionId, PublicationId},
    post::{Post, PostError, PostView, store::PostStore},
    publication::State,
};
use scheduling::Schedule;
use uuid::Uuid;

use super::decide::again;
use crate::publications::stage::Stage;

#[derive(QueryableByName)]
struct Through {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    connection_id: Uuid,
}

#[derive(QueryableByName)]
struct Waits {
    #[diesel(sql_type = Bool)]
    waits: bool,
}

/// Two channels of one connection, in the order of their ids.
async fn connected(stage: &Stage) -> (ConnectionId, [ChannelId; 2]) {
    let mut channels = [stage.channel().await, stage.channel().await];
    channels.sort();
    let [a, b] = channels.map(|channel| channel.uuid());
    let through: Through = sql_query(format!(
        "UPDATE channels SET connection_id = (SELECT connection_id FROM channels WHERE id = '{a}') WHERE id = '{b}'
        RETURNING connection_id"
    ))
    .get_result(&mut stage.pool.get().await.unwrap())
    .await
    .unwrap();
    (ConnectionId::from_uuid(through.connection_id), channels)
}

/// A post on two channels, of which the first one's publication was taken back.
async fn half_taken_back(stage: &Stage, channels: &[ChannelId; 2]) -> PublicationId {
    let view = stage.schedule(channels, TimeDelta::hours(1)).await;
    let one = view.publications.iter().find(|p| p.channel == channels[0]).unwrap().id;
    let sql =
        "UPDATE publications SET state = 'cancelled', reason = 'by_caller', next_step_at = NULL WHERE id";
    stage.run(&format!("{sql} = '{}'", one.uuid())).await;
    one
}

/// Plans this version of a post anew.
async fn edit(stage: &Stage, post: &Post) -> Result<PostView, PostError> {
    let (changed, plan) = stage.scheduled(post, TimeDelta::hours(2));
    stage.save(&changed, post.version, &plan).await
}

async fn write_and_plan(stage: &Stage, channels: &[ChannelId]) -> Result<PostView, PostError> {
    let draft = stage.draft(channels);
    stage.posts.insert(&draft, None).await?;
    edit(stage, &draft).await
}

async fn planned_onto_nothing(stage: &Stage) -> i64 {
    let planned = "publications p JOIN channels c ON c.id = p.channel_id WHERE c.state = 'disconnected'
        AND p.state IN ('scheduled', 'preparing', 'ready')";
    stage.count(planned).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_and_a_disconnection_at_the_same_moment_do_not_stop_each_other() {
    let stage = Stage::set().await;
    let store = PgConnectionStore::new(stage.pool.clone());
    for round in 0..20 {
        let (connection, [a, b]) = connected(&stage).await;
        let view = stage.schedule(&[b, a], TimeDelta::hours(1)).await;
        let taken_back = half_taken_back(&stage, &[a, b]).await;
        let (planned, approval) = again(&stage, &stage.see(taken_back).await);
        let channels = [b, a];
        let (gone, edited, written, retried) = tokio::join!(
            async {
                // Once all of a connection, once one channel after the other.
                if round % 2 == 0 {
                    return store.disconnect(stage.caller.organization, connection).await.is_ok();
                }
                let mut gone = true;
                for channel in [a, b] {
                    gone &= store.disconnect_channel(stage.caller.organization, channel).await.is_ok();
                }
                gone
            },
            edit(&stage, &view.post),
            write_and_plan(&stage, &channels),
            stage.posts.retry(&stage.caller, &planned, Schedule::At(planned.due_at), &approval),
        );
        assert!(gone, "round {round}: not disconnected");
        for saved in [edited, written] {
            assert!(matches!(saved, Ok(_) | Err(PostError::Stale)), "round {round}: {saved:?}");
        }
        assert!(matches!(retried, Ok(_) | Err(PostError::WrongState)), "round {round}: {retried:?}");
        assert_eq!(planned_onto_nothing(&stage).await, 0, "round {round}");
    }
}

#[tokio::test]
async fn whoever_plans_waits_for_a_disconnection_before_touching_a_publication_and_is_refused_after_it() {
    let stage = Stage::set().await;
    let (_, [a, b]) = connected(&stage).await;
    let post = stage.schedule(&[b, a], TimeDelta::hours(1)).await.post;
    let (a_, b_) = (a.uuid(), b.uuid());
    let mut disconnection = stage.pool.get().await.unwrap();
    let lock = format!("BEGIN; SELECT FROM channels WHERE id IN ('{a_}', '{b_}') ORDER BY id FOR UPDATE");
    disconnection.batch_execute(&lock).await.unwrap();
    let steps = async {
        let mut watcher = stage.pool.get().await.unwrap();
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
            AND wait_event_type = 'Lock') AS waits";
        while !sql_query(waits).get_result::<Waits>(&mut watcher).await.unwrap().waits {
            tokio::task::yield_now().await;
        }
        let take_back = format!(
            "SELECT FROM publications WHERE channel_id IN ('{a_}', '{b_}') ORDER BY id FOR UPDATE NOWAIT;
            UPDATE channels SET state = 'disconnected', connection_id = NULL WHERE id IN ('{a_}', '{b_}');
            COMMIT"
        );
        disconnection.batch_execute(&take_back).await
    };
    let (edited, taken_back) = tokio::join!(edit(&stage, &post), steps);
    taken_back.expect("the edit holds publications while it waits for their channels");
    assert!(matches!(edited, Err(PostError::Stale)), "{edited:?}");
    let kept = stage.posts.get(&stage.caller, post.id).await.unwrap().post;
    assert_eq!(kept.version, post.version, "a refused edit changes nothing");
}

#[tokio::test]
async fn nothing_is_tried_again_on_a_channel_that_is_being_disconnected_or_gone() {
    let stage = Stage::set().await;
    let (connection, [a, b]) = connected(&stage).await;
    let taken_back = half_taken_back(&stage, &[a, b]).await;
    let (planned, approval) = again(&stage, &stage.see(taken_back).await);
    let mut disconnection = stage.pool.get().await.unwrap();
    let lock = format!("BEGIN; SELECT FROM channels WHERE id = '{}' FOR UPDATE", a.uuid());
    disconnection.batch_execute(&lock).await.unwrap();
    // It holds publications of the post by now, so it must not wait.
    let during = stage.posts.retry(&stage.caller, &planned, Schedule::At(planned.due_at), &approval).await;
    disconnection.batch_execute("ROLLBACK").await.unwrap();
    assert!(matches!(during, Err(PostError::WrongState)), "{during:?}");
    let store = PgConnectionStore::new(stage.pool.clone());
    store.disconnect(stage.caller.organization, connection).await.unwrap().unwrap();
    let after = stage.posts.retry(&stage.caller, &planned, Schedule::At(planned.due_at), &approval).await;
    assert!(matches!(after, Err(PostError::WrongState)), "{after:?}");
    assert_eq!(stage.state(taken_back).await, State::Cancelled);
}

#[tokio::test]
async fn a_draft_may_still_be_written_for_a_channel_that_was_disconnected() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    stage.disconnect(channel).await;
    let draft = stage.draft(&[channel]);
    stage.posts.insert(&draft, None).await.unwrap();
    let mut changed = draft.clone();
    (changed.content.caption, changed.version) = ("Fresh tea".into(), 2);
    stage.posts.save(&changed, 1, None).await.unwrap();
    assert!(matches!(edit(&stage, &changed).await, Err(PostError::Stale)));
    assert_eq!(stage.count("publications").await, 0);
}
