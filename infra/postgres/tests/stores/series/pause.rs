//! What a series stops for, and how it goes on.

use publishing::{
    post::PostError,
    series::{PauseReason, SeriesState, SeriesStatus},
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
async fn a_series_pauses_when_its_channel_is_disconnected_and_cannot_be_resumed_before_it_is_back() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    plans.stage.disconnect(plans.channel).await;
    assert_eq!(plans.paused(id).await, Some(PauseReason::ChannelNotConnected));
    let resumed = plans.recurrence.resume(&plans.stage.caller, id).await;
    assert!(matches!(resumed, Err(PostError::Invalid(found)) if found[0].code == "channel_not_connected"));
    assert_eq!(plans.series(id).await.status(), SeriesStatus::Paused);
}
