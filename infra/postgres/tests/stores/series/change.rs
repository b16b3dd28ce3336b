//! All, this and following, one, and none any more.

use publishing::{
    content::Override,
    post::{PostError, PostPatch},
    series::{NewSeries, OccurrenceEdit, OccurrenceState, SeriesPatch, SeriesStatus, SplitOff},
};
use scheduling::LocalSchedule;
use zone::Tz;

use super::stage::{Plans, local};

fn says(caption: &str) -> SeriesPatch {
    let post = PostPatch { caption: Some(caption.into()), ..PostPatch::default() };
    SeriesPatch { post, captions: Some(vec![]), ..SeriesPatch::default() }
}

fn begins(time: &str) -> SeriesPatch {
    let start = LocalSchedule { local: local(time), zone: Tz::UTC };
    SeriesPatch { start: Some(start), ..SeriesPatch::default() }
}

#[tokio::test]
async fn all_changes_but_what_is_under_way_and_what_somebody_changed_by_hand() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 4).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let posts = plans.posts(id).await;
    let by_hand = PostPatch { caption: Some("By hand".into()), ..PostPatch::default() };
    plans.recurrence.posts.change(caller, posts[1].post.id, 1, by_hand).await.unwrap();
    let under_way = posts[0].publications[0].id.uuid();
    let begin =
        "UPDATE publications SET state = 'publishing', permitted_at = now(), worker = 1, epoch = epoch + 1";
    plans.stage.run(&format!("{begin} WHERE id = '{under_way}'")).await;
    let patch = SeriesPatch { start: begins("2027-01-01T17:30:00").start, ..says("Cake") };
    let view = plans.recurrence.change(caller, id, 1, patch).await.unwrap();
    assert_eq!(view.series.version, 2);
    assert_eq!(
        plans.told(id).await,
        [
            "01-01T09:00Z Coffee publishing",
            "01-02T09:00Z By hand scheduled",
            "01-03T17:30Z Cake scheduled",
            "01-04T17:30Z Cake scheduled",
        ]
    );
    // No day got a second post.
    plans.stage.run("UPDATE series SET next_at = '2027-01-01T00:00:00Z'").await;
    assert_eq!(plans.sweep().await, 0);
}

#[tokio::test]
async fn a_rule_that_leaves_days_out_takes_their_posts_back_and_makes_those_of_new_days() {
    let plans = Plans::at("2027-01-04T00:00:00Z", 7).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-04T09:00:00", Tz::UTC, "FREQ=WEEKLY;BYDAY=MO,WE").await.series.id;
    let patch = SeriesPatch { rule: "FREQ=WEEKLY;BYDAY=MO,TH".parse().ok(), ..SeriesPatch::default() };
    plans.recurrence.change(caller, id, 1, patch).await.unwrap();
    assert_eq!(plans.told(id).await, ["01-04T09:00Z Coffee scheduled", "01-07T09:00Z Tea scheduled"]);
    assert_eq!(plans.stage.count("publications WHERE state = 'cancelled'").await, 1);
}

#[tokio::test]
async fn who_changes_what_somebody_changed_meanwhile_is_told_and_changes_nothing() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=WEEKLY").await.series.id;
    let (tea, cake) = tokio::join!(
        plans.recurrence.change(caller, id, 1, says("Tea time")),
        plans.recurrence.change(caller, id, 1, says("Cake time"))
    );
    let stale = [&tea, &cake].map(|one| matches!(one, Err(PostError::Stale)));
    assert!(stale == [true, false] || stale == [false, true], "{tea:?} {cake:?}");
    let kept = if stale[0] { "Cake time" } else { "Tea time" };
    assert_eq!(plans.told(id).await, [format!("01-01T09:00Z {kept} scheduled")]);
}

#[tokio::test]
async fn one_is_skipped_and_restored_with_its_post() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 3).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let second = local("2027-01-02T09:00:00");
    let change = |version, edit| plans.recurrence.change_one(caller, id, second, version, edit);
    let (shown, version) = change(1, OccurrenceEdit::Skip).await.unwrap();
    assert_eq!((shown.state, version), (OccurrenceState::Skipped, 2));
    assert_eq!(plans.told(id).await[1], "01-02T09:00Z Tea cancelled");
    assert!(matches!(change(1, OccurrenceEdit::Restore).await, Err(PostError::Stale)));
    let (shown, _) = change(2, OccurrenceEdit::Restore).await.unwrap();
    assert_eq!(shown.state, OccurrenceState::Made);
    assert_eq!(
        plans.told(id).await,
        ["01-01T09:00Z Coffee scheduled", "01-02T09:00Z Tea scheduled", "01-03T09:00Z Coffee scheduled"]
    );
    let nowhere =
        plans.recurrence.change_one(caller, id, local("2027-01-02T10:00:00"), 3, OccurrenceEdit::Skip);
    assert!(matches!(nowhere.await, Err(PostError::NotFound)));
}

#[tokio::test]
async fn one_moves_and_says_something_else_before_and_after_it_has_a_post() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let edit = |to: &str, caption: &str| OccurrenceEdit::Change {
        local: Some(local(to)),
        content: Override { caption: Some(caption.into()), ..Override::default() },
    };
    let (there, later) = (local("2027-01-02T09:00:00"), local("2027-01-09T09:00:00"));
    let first = edit("2027-01-02T11:00:00", "Two hours later");
    plans.recurrence.change_one(caller, id, there, 1, first).await.unwrap();
    // From a week ahead into the present days: it gets its post at once.
    let second = edit("2027-01-02T20:00:00", "A week early");
    let (shown, _) = plans.recurrence.change_one(caller, id, later, 2, second).await.unwrap();
    assert_eq!((shown.state, shown.original), (OccurrenceState::Made, later));
    assert_eq!(
        plans.told(id).await,
        [
            "01-01T09:00Z Coffee scheduled",
            "01-02T11:00Z Two hours later scheduled",
            "01-02T20:00Z A week early scheduled",
        ]
    );
    let past = edit("2026-12-31T09:00:00", "Yesterday");
    let refused = plans.recurrence.change_one(caller, id, there, 3, past).await;
    assert!(matches!(refused, Err(PostError::Invalid(found)) if found[0].code == "time_passed"));
}

#[tokio::test]
async fn what_was_taken_back_by_hand_is_published_only_when_it_is_restored() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 1).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    plans.cancel_post(plans.posts(id).await[0].post.id).await.unwrap();
    let first = local("2027-01-01T09:00:00");
    let change = |edit| plans.recurrence.change_one(caller, id, first, 1, edit);
    let content = Override { caption: Some("Changed".into()), ..Override::default() };
    let changed = change(OccurrenceEdit::Change { local: None, content }).await;
    assert!(matches!(changed, Err(PostError::WrongState)));
    assert_eq!(plans.told(id).await, ["01-01T09:00Z Coffee cancelled"]);
    change(OccurrenceEdit::Restore).await.unwrap();
    assert_eq!(plans.told(id).await, ["01-01T09:00Z Coffee scheduled"]);
}

#[tokio::test]
async fn what_is_under_way_cannot_be_skipped() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let first = plans.posts(id).await[0].publications[0].id.uuid();
    let begin = "UPDATE publications SET state = 'publishing', permitted_at = now(), worker = 1";
    plans.stage.run(&format!("{begin} WHERE id = '{first}'")).await;
    let skip = plans.recurrence.change_one(caller, id, local("2027-01-01T09:00:00"), 1, OccurrenceEdit::Skip);
    assert!(matches!(skip.await, Err(PostError::PublishingBegan)));
    assert_eq!(plans.series(id).await.series.version, 1);
}

#[tokio::test]
async fn this_and_following_become_a_series_of_their_own() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 4).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY;COUNT=6").await.series.id;
    let at = local("2027-01-03T09:00:00");
    let changes = SeriesPatch { start: begins("2027-01-03T12:00:00").start, ..SeriesPatch::default() };
    let following =
        plans.recurrence.split(caller, id, 1, SplitOff { at, changes, fence: None }).await.unwrap();
    assert_eq!(
        plans.told(id).await,
        ["01-01T09:00Z Coffee scheduled", "01-02T09:00Z Tea scheduled"],
        "the head keeps what came before"
    );
    let own = following.series.id;
    assert_eq!(plans.told(own).await, ["01-03T12:00Z Coffee scheduled", "01-04T12:00Z Tea scheduled"]);
    plans.now_is("2027-01-10T00:00:00Z");
    assert_eq!(plans.sweep().await, 2, "six in all");
    assert_eq!(plans.series(id).await.status(), SeriesStatus::Ended);
}

#[tokio::test]
async fn split_at_its_first_occurrence_all_of_it_goes_on_in_the_new_one() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let split = |at: &str| SplitOff { at: local(at), changes: SeriesPatch::default(), fence: None };
    let nowhere = plans.recurrence.split(caller, id, 1, split("2027-01-01T10:00:00")).await;
    assert!(matches!(nowhere, Err(PostError::Invalid(found)) if found[0].code == "occurrence_unknown"));
    let following = plans.recurrence.split(caller, id, 1, split("2027-01-01T09:00:00")).await.unwrap();
    assert_eq!(plans.series(id).await.status(), SeriesStatus::Cancelled);
    assert!(plans.told(id).await.is_empty());
    assert_eq!(plans.told(following.series.id).await.len(), 2);
}

#[tokio::test]
async fn a_cancelled_series_takes_back_what_is_to_come_and_leaves_what_went_out() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 3).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let first = plans.posts(id).await[0].publications[0].id.uuid();
    plans
        .stage
        .run(&format!(
            "UPDATE publications SET state = 'published', platform_post_id = '1', published_at = now(), next_step_at = NULL
            WHERE id = '{first}'"
        ))
        .await;
    plans.now_is("2027-01-01T12:00:00Z");
    let view = plans.recurrence.cancel(caller, id).await.unwrap();
    assert_eq!(view.status(), SeriesStatus::Cancelled);
    assert_eq!(
        plans.told(id).await,
        ["01-01T09:00Z Coffee published", "01-02T09:00Z Tea cancelled", "01-03T09:00Z Coffee cancelled"]
    );
    plans.now_is("2027-01-20T00:00:00Z");
    assert_eq!(plans.sweep().await, 0);
    assert_eq!(plans.stage.events(id.uuid()).await, ["series.cancelled"]);
    assert!(matches!(plans.recurrence.cancel(caller, id).await, Err(PostError::WrongState)));
    let change = plans.recurrence.change(caller, id, 2, says("More")).await;
    assert!(matches!(change, Err(PostError::WrongState)));
}

#[tokio::test]
async fn an_occurrence_that_would_repeat_the_caption_too_soon_is_refused_and_stays_where_it_is() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 3).await;
    let new = plans.of("2027-01-01T09:00:00", Tz::known("Europe/Berlin"), "FREQ=DAILY");
    let one = NewSeries { captions: vec![], ..new };
    let id = plans.recurrence.create(&plans.stage.caller, one).await.unwrap().series.id;
    let told = plans.told(id).await;
    let evening_before =
        OccurrenceEdit::Change { local: Some(local("2027-01-01T20:00:00")), content: Override::default() };
    let second = local("2027-01-02T09:00:00");
    let refused = plans.recurrence.change_one(&plans.stage.caller, id, second, 1, evening_before).await;
    let Err(PostError::Invalid(found)) = refused else { panic!("it was moved") };
    assert_eq!((found[0].pointer.as_str(), found[0].code), ("/caption", "caption_repeated"));
    assert!(found[0].detail.contains("2 different captions"), "{}", found[0].detail);
    assert_eq!(plans.told(id).await, told);
}
