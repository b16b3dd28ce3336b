//! What a series stops for, and how it goes on.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use publishing::{
    post::{PostError, PostPatch},
    series::{PauseReason, SeriesPatch, SeriesState, SeriesStatus},
};
use tenancy::{Actor, ApiKeyId, Caller};
use zone::Tz;

use super::stage::Plans;

impl Plans {
    /// A caller by a key that the member of the stage granted.
    async fn key(&self) -> Caller {
        let (key, organization) = (ApiKeyId::new(), self.stage.caller.organization);
        let granted_by = self.stage.caller.actor.answerable();
        self.stage
            .run(&format!(
                "INSERT INTO api_keys (id, organization_id, granted_by, name, hash, scopes, all_workspaces, origins)
                VALUES ('{}', '{}', '{}', 'robot', sha256('{}'), '{{posts:publish}}', true, '{{}}')",
                key.uuid(),
                organization.uuid(),
                granted_by.uuid(),
                key.uuid(),
            ))
            .await;
        Caller { actor: Actor::ApiKey { key, granted_by }, ..self.stage.caller.clone() }
    }

    /// Lets time pass until more posts are to be made, and says why the series paused.
    async fn paused(&self, id: publishing::id::SeriesId) -> Option<PauseReason> {
        self.now_is("2027-01-05T00:00:00Z");
        self.sweep().await;
        let view = self.series(id).await;
        match view.series.state {
            SeriesState::Paused(reason) => {
                assert_eq!(view.status(), SeriesStatus::Paused);
                assert_eq!(self.stage.events(id.uuid()).await, ["series.paused"]);
                Some(reason)
            }
            _ => None,
        }
    }
}

#[tokio::test]
async fn a_series_of_a_key_pauses_when_the_key_is_revoked_and_goes_on_when_a_member_resumes_it() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let robot = plans.key().await;
    let new = plans.of("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY");
    let id = plans.recurrence.create(&robot, new).await.unwrap().series.id;
    let by_key = "approvals WHERE method = 'standing_instruction' AND api_key_id IS NOT NULL";
    assert_eq!(plans.stage.count(by_key).await, 2);
    plans.stage.run("UPDATE api_keys SET revoked_at = now()").await;
    assert_eq!(plans.paused(id).await, Some(PauseReason::KeyRevoked));
    assert_eq!(plans.told(id).await.len(), 2, "what was made stays");
    let resumed = plans.recurrence.resume(&plans.stage.caller, id).await.unwrap();
    assert_eq!((resumed.status(), resumed.series.instructor.api_key), (SeriesStatus::Active, None));
    let told = plans.told(id).await;
    assert_eq!(told[2..], ["01-05T09:00Z Coffee scheduled", "01-06T09:00Z Tea scheduled"]);
    let again = plans.recurrence.resume(&plans.stage.caller, id).await;
    assert!(matches!(again, Err(PostError::WrongState)));
}

#[tokio::test]
async fn a_series_goes_on_as_long_as_nothing_stands_against_it() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let robot = plans.key().await;
    let new = plans.of("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY");
    let id = plans.recurrence.create(&robot, new).await.unwrap().series.id;
    assert_eq!(plans.paused(id).await, None);
    assert_eq!(plans.told(id).await.len(), 6);
}

#[tokio::test]
async fn a_series_pauses_when_the_member_leaves() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    plans.stage.run("DELETE FROM memberships").await;
    assert_eq!(plans.paused(id).await, Some(PauseReason::MemberRemoved));
}

#[tokio::test]
async fn a_series_pauses_with_its_channel_and_cannot_be_resumed_before_that_is_back() {
    // Whatever is to come has a post already, or lies behind the horizon.
    for days in [14, 2] {
        let plans = Plans::at("2027-01-01T00:00:00Z", days).await;
        let start = if days == 14 { "2027-01-01T09:00:00" } else { "2027-01-15T09:00:00" };
        let id = plans.make(start, Tz::UTC, "FREQ=DAILY").await.series.id;
        plans.stage.disconnect(plans.channel).await;
        let view = plans.series(id).await;
        assert_eq!(view.series.state, SeriesState::Paused(PauseReason::ChannelNotConnected));
        assert_eq!(plans.stage.events(id.uuid()).await, ["series.paused"]);
        plans.stage.disconnect(plans.channel).await;
        plans.sweep().await;
        assert_eq!(plans.stage.events(id.uuid()).await, ["series.paused"], "once");
        let resumed = plans.recurrence.resume(&plans.stage.caller, id).await;
        assert!(
            matches!(resumed, Err(PostError::Invalid(found)) if found[0].code == "channel_not_connected")
        );
        assert_eq!(plans.series(id).await.status(), SeriesStatus::Paused);
    }
}

#[tokio::test]
async fn what_went_with_a_channel_is_planned_again_when_the_series_is_resumed_and_nothing_else_is() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 6).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let untouched = plans.make("2027-01-01T09:30:00", Tz::UTC, "FREQ=DAILY;COUNT=2").await.series.id;
    let posts = plans.posts(id).await;
    plans.cancel_post(posts[2].post.id).await.unwrap();
    let by_hand = PostPatch { caption: Some("By hand".into()), ..PostPatch::default() };
    plans.recurrence.posts.change(caller, posts[3].post.id, 1, by_hand).await.unwrap();
    plans.stage.disconnect(plans.channel).await;
    assert!(plans.told(id).await.iter().all(|line| line.ends_with("cancelled")));
    plans.reconnect().await;
    plans.now_is("2027-01-01T12:00:00Z");
    let approvals = plans.stage.count("approvals").await;
    let both = tokio::join!(plans.recurrence.resume(caller, id), plans.recurrence.resume(caller, id));
    let lost = [both.0, both.1].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(lost[..], [PostError::WrongState | PostError::Stale]), "{lost:?}");
    assert_eq!(
        plans.told(id).await,
        [
            "01-01T09:00Z Coffee cancelled",
            "01-02T09:00Z Tea scheduled",
            "01-03T09:00Z Coffee cancelled",
            "01-04T09:00Z By hand cancelled",
            "01-05T09:00Z Coffee scheduled",
            "01-06T09:00Z Tea scheduled",
            "01-07T09:00Z Coffee scheduled",
        ]
    );
    assert_eq!(plans.stage.count("approvals").await, approvals + 4, "each on a fresh word");
    assert!(matches!(plans.recurrence.resume(caller, id).await, Err(PostError::WrongState)));
    assert_eq!(plans.sweep().await, 0);
    assert!(plans.told(untouched).await.iter().all(|line| line.ends_with("cancelled")));
    // What was planned again follows its series, and goes with the channel, as before.
    plans.stage.disconnect(plans.channel).await;
    plans.reconnect().await;
    plans.recurrence.resume(caller, id).await.unwrap();
    assert_eq!(plans.told(id).await.iter().filter(|line| line.ends_with("scheduled")).count(), 4);
}

#[tokio::test]
async fn whoever_makes_or_changes_a_series_while_its_channel_goes_leaves_nothing_that_goes_out() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 4).await;
    let caller = &plans.stage.caller;
    for round in 1..=6 {
        let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
        plans.now_is("2027-01-03T00:00:00Z");
        plans.stage.run("UPDATE series SET claimed_until = NULL").await;
        let new = plans.of("2027-01-03T10:00:00", Tz::UTC, "FREQ=DAILY");
        let patch = SeriesPatch { captions: Some(vec!["a".into(), "b".into()]), ..SeriesPatch::default() };
        // Who comes too late is told, whatever the order.
        let (_, _, _, ()) = tokio::join!(
            plans.recurrence.sweep(9, |_, _| ()),
            plans.recurrence.create(caller, new),
            plans.recurrence.change(caller, id, 1, patch),
            plans.stage.disconnect(plans.channel)
        );
        assert_eq!(plans.stage.count("series WHERE state = 'active'").await, 0, "round {round}");
        assert_eq!(plans.stage.count("publications WHERE state <> 'cancelled'").await, 0, "round {round}");
        plans.reconnect().await;
        plans.now_is("2027-01-01T00:00:00Z");
        plans.stage.run("DELETE FROM posts; DELETE FROM series").await;
    }
}

/// Until so many transactions of this database wait for a lock, or nothing is active any more.
async fn until_waiting(plans: &Plans, transactions: i64) {
    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while plans.stage.count(waiting).await < transactions
        && (transactions > 1 || plans.stage.count("series WHERE state = 'active'").await > 0)
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_series_that_somebody_has_locked_while_its_channel_goes_pauses_when_it_is_let_go() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    plans.stage.run("UPDATE series SET state = 'paused', reason = 'key_revoked', next_at = NULL").await;
    let (mut resuming, mut looking) =
        (plans.stage.pool.get().await.unwrap(), plans.stage.pool.get().await.unwrap());
    // Whoever resumes it holds its channel too, and the disconnection, which sees a paused series, waits for that.
    let resume = format!(
        "BEGIN; UPDATE series SET state = 'active', reason = NULL; SELECT FROM channels WHERE id = '{}' FOR SHARE",
        plans.channel.uuid()
    );
    resuming.batch_execute(&resume).await.unwrap();
    let resumed = async {
        until_waiting(&plans, 2).await;
        resuming.batch_execute("COMMIT").await.unwrap();
    };
    // Whoever looks for work has the row next, and waits for no channel.
    let looked = async {
        looking.batch_execute("BEGIN; SELECT FROM series FOR UPDATE").await.unwrap();
        while plans.stage.count("channels WHERE state = 'disconnected'").await == 0 {
            tokio::task::yield_now().await;
        }
        until_waiting(&plans, 1).await;
        looking.batch_execute("ROLLBACK").await.unwrap();
    };
    let all = async { tokio::join!(resumed, looked, plans.stage.disconnect(plans.channel)) };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("nobody came back for the series");
    let state = plans.series(id).await.series.state;
    assert_eq!(state, SeriesState::Paused(PauseReason::ChannelNotConnected));
    assert_eq!(plans.stage.events(id.uuid()).await, ["series.paused"]);
}
