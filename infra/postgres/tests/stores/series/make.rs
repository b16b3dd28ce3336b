//! Occurrences become posts: at their time on the wall, once, and not again what people took away.

use std::sync::Mutex;

use chrono::NaiveDateTime;
use publishing::{
    id::{PostId, SeriesId},
    post::{PostError, PostView, store::PostStore},
    series::{
        OccurrenceState::{Deleted, Made, Planned},
        Window,
    },
};
use zone::Tz;

use super::stage::{Plans, local, nothing_passed_over, utc};

#[tokio::test]
async fn a_daily_series_stays_at_its_time_on_the_wall_when_the_clocks_change() {
    let plans = Plans::at("2027-03-26T00:00:00Z", 4).await;
    let view = plans.make("2027-03-26T09:00:00", Tz::known("Europe/Berlin"), "FREQ=DAILY").await;
    assert_eq!(
        plans.told(view.series.id).await,
        [
            "03-26T08:00Z Coffee scheduled",
            "03-27T08:00Z Tea scheduled",
            "03-28T07:00Z Coffee scheduled",
            "03-29T07:00Z Tea scheduled",
        ]
    );
    let originals: Vec<_> =
        plans.posts(view.series.id).await.iter().map(|one| one.post.occurrence.unwrap().original).collect();
    assert!(originals.iter().all(|time| time.time() == local("2027-03-26T09:00:00").time()), "{originals:?}");
    plans.now_is("2027-03-27T00:00:00Z");
    assert_eq!((plans.sweep().await, plans.sweep().await), (1, 0));
    assert_eq!(plans.told(view.series.id).await.len(), 5);
}

#[tokio::test]
async fn many_workers_at_once_make_each_post_once() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 14).await;
    for hour in 10..15 {
        plans.make(&format!("2027-01-10T{hour}:00:00"), Tz::UTC, "FREQ=DAILY").await;
    }
    assert_eq!(plans.stage.count("posts").await, 25);
    plans.now_is("2027-02-01T00:00:00Z");
    let sweep = || plans.recurrence.sweep(2, nothing_passed_over);
    let made = tokio::join!(sweep(), sweep(), sweep(), sweep());
    let made = [made.0, made.1, made.2, made.3].map(Result::unwrap).iter().sum::<u64>();
    let rest = plans.sweep().await;
    // From the 15th of January, until which they were made, to the 14th of February.
    assert_eq!(made + rest, 5 * 31);
    assert_eq!(plans.stage.count("posts").await, 25 + 5 * 31);
    assert_eq!(
        plans.stage.count("(SELECT DISTINCT series_id, original FROM series_occurrences) x").await,
        180
    );
}

#[tokio::test]
async fn two_who_make_the_same_batch_make_it_once() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 14).await;
    let view = plans.make("2027-01-10T09:00:00", Tz::UTC, "FREQ=DAILY").await;
    // As both have read it, without the claim that keeps them out of each other's way.
    plans.now_is("2027-01-11T00:00:00Z");
    let before = plans.stage.count("posts").await;
    plans.stage.run("UPDATE series SET next_at = '2027-01-10T09:00:00Z'").await;
    let claim = || plans.recurrence.store.claim(utc("2028-01-01T00:00:00Z"), 9);
    let first = claim().await.unwrap();
    plans.stage.run("UPDATE series SET claimed_until = NULL").await;
    let second = claim().await.unwrap();
    assert_eq!((first.len(), second.len(), claim().await.unwrap().len()), (1, 1, 0));
    let (one, two) = (plans.recurrence.sweep(9, nothing_passed_over), plans.sweep());
    let (one, two) = tokio::join!(one, two);
    assert_eq!(one.unwrap() + two, 10);
    assert_eq!(plans.stage.count("posts").await, before + 10);
    assert_eq!(plans.posts(view.series.id).await.len(), usize::try_from(before + 10).unwrap());
}

#[tokio::test]
async fn a_crash_between_two_batches_leaves_nothing_out_and_nothing_twice() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 60).await;
    // Where the 30th occurrence is written, everything stops: the first batch is there, the second is not.
    plans
        .stage
        .run(
            "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.original >= '2027-01-30' THEN RAISE EXCEPTION 'crash'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER crash BEFORE INSERT ON series_occurrences FOR EACH ROW EXECUTE FUNCTION crash();",
        )
        .await;
    let view = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await;
    assert_eq!(plans.posts(view.series.id).await.len(), 25);
    plans.stage.run("DROP TRIGGER crash ON series_occurrences").await;
    // The mark may be older than what was made: it only says where to look.
    plans.stage.run("UPDATE series SET next_at = '2027-01-01T09:00:00Z'").await;
    assert_eq!(plans.sweep().await, 35);
    let posts = plans.posts(view.series.id).await;
    let mut days: Vec<NaiveDateTime> =
        posts.iter().map(|one| one.post.occurrence.unwrap().original).collect();
    days.dedup();
    assert_eq!((posts.len(), days.len()), (60, 60));
}

#[tokio::test]
async fn a_series_that_does_not_read_or_cannot_be_written_keeps_no_other_from_its_posts() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 14).await;
    let unread = plans.make("2027-01-10T08:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let refused = plans.make("2027-01-10T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let fine = plans.make("2027-01-10T10:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let before = plans.posts(fine).await.len();
    plans
        .stage
        .run(&format!(
            "UPDATE series SET plan = '{{}}' WHERE id = '{}';
             CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON series_occurrences FOR EACH ROW
                WHEN (NEW.series_id = '{}') EXECUTE FUNCTION refuse();",
            unread.uuid(),
            refused.uuid()
        ))
        .await;
    plans.now_is("2027-01-11T00:00:00Z");
    let told = Mutex::new(Vec::new());
    let tell = |series: SeriesId, _: &PostError| told.lock().unwrap().push(series);
    assert_eq!(plans.recurrence.sweep(9, tell).await.unwrap(), 10);
    assert_eq!(plans.posts(fine).await.len(), before + 10);
    assert_eq!(told.into_inner().unwrap(), [refused]);
    // They come after others the next time.
    let late = plans.make("2027-01-10T11:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    plans.stage.run("UPDATE series SET next_at = '2027-01-24T10:00:00Z' WHERE next_at IS NOT NULL").await;
    plans
        .stage
        .run("UPDATE series SET claimed_until = now() - interval '1 second' WHERE claimed_until IS NOT NULL")
        .await;
    let first = plans.recurrence.store.claim(utc("2027-02-01T00:00:00Z"), 2).await.unwrap();
    assert!(first.iter().any(|one| one.id == late), "{first:?}");
}

#[tokio::test]
async fn a_series_that_changes_during_a_sweep_is_told_of_and_left_to_the_next_one() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 14).await;
    let changed = plans.make("2027-01-10T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    plans.make("2027-01-10T10:00:00", Tz::UTC, "FREQ=DAILY").await;
    // Between the moment a worker reads it and the moment it writes the posts.
    plans
        .stage
        .run(&format!(
            "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE series SET version = version + 1 WHERE id = NEW.id; RETURN NULL; END $$;
             CREATE TRIGGER change AFTER UPDATE OF claimed_until ON series FOR EACH ROW
                WHEN (NEW.claimed_until IS NOT NULL AND NEW.id = '{}') EXECUTE FUNCTION change();",
            changed.uuid()
        ))
        .await;
    plans.now_is("2027-01-11T00:00:00Z");
    let told = Mutex::new(Vec::new());
    let tell = |series: SeriesId, error: &PostError| told.lock().unwrap().push((series, error.to_string()));
    assert_eq!(plans.recurrence.sweep(9, tell).await.unwrap(), 10, "the other one's");
    assert_eq!(told.into_inner().unwrap(), [(changed, PostError::Stale.to_string())]);
    plans.stage.run("DROP TRIGGER change ON series").await;
    assert_eq!(plans.sweep().await, 10);
}

#[tokio::test]
async fn what_people_took_back_changed_or_deleted_is_not_made_again() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 4).await;
    let caller = &plans.stage.caller;
    let view = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await;
    let posts: Vec<PostId> = plans.posts(view.series.id).await.iter().map(|one| one.post.id).collect();
    plans.cancel_post(posts[0]).await.unwrap();
    plans.stage.posts.delete(caller, posts[1]).await.unwrap();
    let patch = publishing::post::PostPatch {
        caption: Some("By hand".into()),
        ..publishing::post::PostPatch::default()
    };
    plans.recurrence.posts.change(caller, posts[2], 1, patch).await.unwrap();
    plans.stage.run("UPDATE series SET next_at = '2027-01-01T09:00:00Z'").await;
    assert_eq!(plans.sweep().await, 0);
    assert_eq!(
        plans.told(view.series.id).await,
        ["01-01T09:00Z Coffee cancelled", "01-03T09:00Z By hand scheduled", "01-04T09:00Z Tea scheduled"]
    );
    let (from, until) = (utc("2027-01-01T00:00:00Z"), utc("2027-01-06T00:00:00Z"));
    let window = Window { from, until, after: None, limit: 9 };
    let shown = plans.recurrence.occurrences(caller, view.series.id, window).await.unwrap();
    let states: Vec<_> = shown.iter().map(|one| one.state).collect();
    assert_eq!(states, [Made, Deleted, Made, Made, Planned]);
    assert_eq!(shown[0].post, Some(posts[0]));
}

#[tokio::test]
async fn occurrences_are_listed_page_by_page_in_their_order() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let view = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await;
    let (from, until) = (utc("2027-01-01T00:00:00Z"), utc("2027-02-01T00:00:00Z"));
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let window = Window { from, until, after, limit: 4 };
        let page = plans.recurrence.occurrences(caller, view.series.id, window).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        all.extend(page);
    }
    assert_eq!(all.len(), 31);
    assert!(all.is_sorted_by(|one, next| one.due < next.due));
}

#[tokio::test]
async fn a_series_is_made_on_the_word_of_whoever_made_it() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let view = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await;
    let by = view.series.instructor.person.uuid();
    let told = format!(
        "approvals WHERE method = 'standing_instruction' AND person_id = '{by}' AND api_key_id IS NULL"
    );
    assert_eq!(plans.stage.count(&told).await, 2);
    let posts: Vec<PostView> = plans.posts(view.series.id).await;
    assert!(posts.iter().all(|one| one.post.scheduled && one.post.author == view.series.instructor));
}

#[tokio::test]
async fn another_organization_finds_no_series() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let view = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await;
    let neighbour = plans.stage.neighbour().await.caller;
    let found = plans.recurrence.get(&neighbour, view.series.id).await;
    assert!(matches!(found, Err(PostError::NotFound)));
    let cancelled = plans.recurrence.cancel(&neighbour, view.series.id).await;
    assert!(matches!(cancelled, Err(PostError::NotFound)));
    let filter = publishing::series::store::SeriesFilter { limit: 9, ..Default::default() };
    assert!(plans.recurrence.list(&neighbour, &filter).await.unwrap().is_empty());
    assert_eq!(plans.recurrence.list(&plans.stage.caller, &filter).await.unwrap().len(), 1);
}
