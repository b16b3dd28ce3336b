//! Occurrences that have no post yet, in the calendar.

use publishing::{
    calendar::{Asked, Calendar, EntryStatus, Position, View},
    content::Override,
    post::store::PostStore,
    series::{OccurrenceEdit, PauseReason},
};
use zone::Tz;

use super::stage::{Plans, local};

impl Plans {
    fn asked(&self, days: (&str, &str)) -> Asked {
        Asked {
            workspace: self.stage.workspace,
            from: days.0.parse().unwrap(),
            to: days.1.parse().unwrap(),
            zone: Some(Tz::UTC),
            channel: None,
            status: None,
            after: None,
            limit: 100,
        }
    }

    async fn view(&self, calendar: &Calendar, asked: &Asked) -> View {
        calendar.view(&self.stage.caller, asked).await.unwrap()
    }

    /// What two months show from a day on.
    async fn shown(&self, days: (&str, &str)) -> Vec<String> {
        lines(&self.view(&self.calendar(), &self.asked(days)).await)
    }
}

const WINTER: (&str, &str) = ("2026-12-01", "2027-01-31");

fn lines(view: &View) -> Vec<String> {
    let entries = view.entries.iter();
    let counted: u64 = view.counts.iter().map(|count| count.entries).sum();
    assert!(counted >= view.entries.len() as u64, "{counted}");
    entries
        .map(|one| {
            format!("{} {} {}", one.at.format("%m-%dT%H:%MZ"), one.status, one.caption).trim_end().to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_monthly_series_stands_in_the_calendar_before_it_has_posts_and_once_when_it_has() {
    let plans = Plans::at("2026-11-22T00:00:00Z", 14).await;
    let id = plans.make("2026-12-15T10:00:00", Tz::UTC, "FREQ=MONTHLY").await.series.id;
    assert!(plans.posts(id).await.is_empty());
    assert_eq!(plans.shown(WINTER).await, ["12-15T10:00Z planned Coffee", "01-15T10:00Z planned Tea"]);
    let entry = plans.view(&plans.calendar(), &plans.asked(WINTER)).await.entries.remove(0);
    let known = entry.occurrence.unwrap();
    assert_eq!((known.series, known.original, entry.post), (id, local("2026-12-15T10:00:00"), None));
    assert_eq!((entry.channel, entry.channel_name.as_deref()), (Some(plans.channel), Some("Harbour")));
    plans.now_is("2026-12-02T00:00:00Z");
    assert_eq!(plans.sweep().await, 1);
    assert_eq!(plans.shown(WINTER).await, ["12-15T10:00Z scheduled Coffee", "01-15T10:00Z planned Tea"]);
    // The mark that says where to look may be older.
    plans.stage.run("UPDATE series SET next_at = '2026-12-15T10:00:00Z'").await;
    assert_eq!(plans.shown(WINTER).await.len(), 2);
    plans.stage.posts.delete(&plans.stage.caller, plans.posts(id).await[0].post.id).await.unwrap();
    assert_eq!(plans.shown(WINTER).await, ["01-15T10:00Z planned Tea"], "deleted is not planned");
}

#[tokio::test]
async fn what_differs_in_single_occurrences_is_shown_and_a_series_that_stopped_is_not() {
    let plans = Plans::at("2026-11-22T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2026-12-04T10:00:00", Tz::UTC, "FREQ=WEEKLY;COUNT=4").await.series.id;
    let edit = |local, caption: &str| OccurrenceEdit::Change {
        local,
        content: Override { caption: Some(caption.into()), ..Override::default() },
    };
    let moved = edit(Some(local("2026-12-20T18:00:00")), "Later");
    for (version, (original, edit)) in (1..).zip([
        ("2026-12-04T10:00:00", OccurrenceEdit::Skip),
        ("2026-12-11T10:00:00", moved),
        ("2026-12-18T10:00:00", edit(None, "Holiday")),
    ]) {
        plans.recurrence.change_one(caller, id, local(original), version, edit).await.unwrap();
    }
    assert_eq!(
        plans.shown(WINTER).await,
        ["12-18T10:00Z planned Holiday", "12-20T18:00Z planned Later", "12-25T10:00Z planned Tea"]
    );
    let calendar = plans.calendar();
    let count = async |asked: Asked| plans.view(&calendar, &asked).await.entries.len();
    let with = |status| Asked { status: Some(status), ..plans.asked(WINTER) };
    assert_eq!(count(with(EntryStatus::Planned)).await, 3);
    assert_eq!(count(with(EntryStatus::Scheduled)).await, 0);
    let other = plans.stage.channel().await;
    assert_eq!(count(Asked { channel: Some(other), ..plans.asked(WINTER) }).await, 0);
    assert_eq!(count(Asked { channel: Some(plans.channel), ..plans.asked(WINTER) }).await, 3);
    let series = plans.series(id).await.series;
    plans.recurrence.store.pause(&series, PauseReason::KeyRevoked).await.unwrap();
    assert!(plans.shown(WINTER).await.is_empty(), "a paused one plans nothing");
}

#[tokio::test]
async fn pages_hold_posts_and_planned_occurrences_once_and_their_counts_have_all() {
    let plans = Plans::at("2026-12-01T00:00:00Z", 5).await;
    plans.make("2026-12-01T10:00:00", Tz::UTC, "FREQ=DAILY").await;
    plans.make("2026-12-01T10:00:00", Tz::UTC, "FREQ=WEEKLY").await;
    let calendar = plans.calendar();
    let whole = plans.view(&calendar, &plans.asked(WINTER)).await;
    assert_eq!(whole.entries.len(), 62 + 9);
    let statuses = |status| whole.entries.iter().filter(|one| one.status == status).count();
    assert_eq!((statuses(EntryStatus::Scheduled), statuses(EntryStatus::Planned)), (6, 65));
    let (mut found, mut after): (Vec<Position>, _) = (Vec::new(), None);
    loop {
        let asked = Asked { after, limit: 3, ..plans.asked(WINTER) };
        let page = plans.view(&calendar, &asked).await;
        assert_eq!(page.counts, whole.counts);
        let Some(last) = page.entries.last() else { break };
        after = Some(last.position());
        found.extend(page.entries.iter().map(publishing::calendar::Entry::position));
    }
    assert_eq!(found, whole.entries.iter().map(publishing::calendar::Entry::position).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_fingerprint_changes_with_a_series_that_has_no_posts_yet() {
    let plans = Plans::at("2026-11-22T00:00:00Z", 2).await;
    let wanted = publishing::calendar::Wanted {
        workspace: plans.stage.workspace,
        range: publishing::calendar::Range::default(),
        channel: None,
        status: None,
    };
    let calendar = plans.calendar();
    let selection = calendar.select(&plans.stage.caller, &wanted).await.unwrap();
    let print = async || calendar.store.fingerprint(&selection).await.unwrap();
    let empty = print().await;
    let id = plans.make("2026-12-15T10:00:00", Tz::UTC, "FREQ=MONTHLY").await.series.id;
    let planned = print().await;
    assert_eq!((planned != empty, print().await == planned), (true, true));
    plans
        .recurrence
        .change_one(&plans.stage.caller, id, local("2026-12-15T10:00:00"), 1, OccurrenceEdit::Skip)
        .await
        .unwrap();
    let skipped = print().await;
    assert_ne!(skipped, planned);
    plans.stage.run("UPDATE channels SET name = 'Quay'").await;
    assert_ne!(print().await, skipped);
    // A year ahead is where an export ends that names no last day.
    let (mut entries, mut unwritten) = (Vec::new(), publishing::calendar::Unwritten::default());
    loop {
        let batch = calendar.entries(&selection, &mut unwritten).await.unwrap();
        if batch.is_empty() {
            break;
        }
        entries.extend(batch);
    }
    assert_eq!(entries.len(), 11, "{entries:?}");
}

#[tokio::test]
async fn another_organization_sees_nothing_planned() {
    let plans = Plans::at("2026-11-22T00:00:00Z", 2).await;
    plans.make("2026-12-15T10:00:00", Tz::UTC, "FREQ=MONTHLY").await;
    let neighbour = plans.stage.neighbour().await;
    let asked = Asked { workspace: neighbour.workspace, ..plans.asked(WINTER) };
    let view = plans.calendar().view(&neighbour.caller, &asked).await.unwrap();
    assert!(view.entries.is_empty() && view.counts.is_empty());
}
