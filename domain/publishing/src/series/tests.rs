use chrono::TimeDelta;
use zone::Tz;

use super::*;
use crate::{
    id::ChannelId,
    platform::Platform,
    post::{
        PostPatch, TargetTime, Violation,
        store::{ChannelFacts, Facts},
    },
};

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn series(start: &str, zone: Tz, rule: &str) -> Series {
    let start = LocalSchedule { local: local(start), zone };
    Series {
        id: SeriesId::new(),
        organization: OrganizationId::new(),
        workspace: WorkspaceId::new(),
        content: Content { caption: "Good morning".into(), ..Content::default() },
        targets: vec![Target {
            channel: ChannelId::new(),
            change: Override::default(),
            time: TargetTime::Post,
        }],
        captions: Vec::new(),
        plan: recurrence::Series::new(start, rule.parse().unwrap()).unwrap(),
        edits: BTreeMap::new(),
        state: SeriesState::Active,
        next_at: None,
        instructor: Author { person: tenancy::PersonId::new(), api_key: None },
        version: 1,
        created_at: utc("2027-01-01T00:00:00Z"),
        updated_at: utc("2027-01-01T00:00:00Z"),
    }
}

fn facts(series: &Series) -> Facts {
    let channel = |target: &Target| ChannelFacts {
        id: target.channel,
        platform: Platform::Facebook,
        usable: true,
        missing_scopes: Vec::new(),
    };
    Facts { channels: series.targets.iter().map(channel).collect(), ..Facts::default() }
}

fn objections(series: &Series) -> Vec<Violation> {
    let now = utc("2027-01-01T00:00:00Z");
    match validate::acceptable(series, &facts(series), now) {
        Ok(()) => Vec::new(),
        Err(crate::post::PostError::Invalid(found)) => found,
        Err(other) => panic!("{other}"),
    }
}

fn captions(series: &Series, count: usize) -> Vec<String> {
    let upcoming = series.upcoming(utc("2027-01-01T00:00:00Z")).take(count);
    upcoming.map(|one| series.content_at(&one).caption).collect()
}

#[test]
fn occurrences_use_the_captions_in_turn_and_an_edit_takes_no_turn_away() {
    let mut series = series("2027-01-04T09:00:00", Tz::UTC, "FREQ=DAILY");
    assert_eq!(captions(&series, 2), ["Good morning", "Good morning"]);
    series.captions = vec!["a".into(), "b".into(), "c".into()];
    series.plan = series.plan.skip(local("2027-01-05T09:00:00")).unwrap();
    let edit = Override { caption: Some("holiday".into()), ..Override::default() };
    series.edits.insert(local("2027-01-06T09:00:00"), edit);
    assert_eq!(captions(&series, 4), ["a", "holiday", "a", "b"]);
}

#[test]
fn one_caption_every_day_is_fine_also_where_the_clocks_skip_two_hours() {
    for zone in [Tz::known("Europe/Berlin"), Tz::known("Australia/Lord_Howe"), Tz::known("Antarctica/Troll")]
    {
        assert_eq!(objections(&series("2027-01-04T09:00:00", zone, "FREQ=DAILY")), [], "{zone}");
    }
}

/// A daily series of which one occurrence comes on the evening before.
fn moved_to_the_evening_before() -> Series {
    let mut daily = series("2027-01-04T09:00:00", Tz::known("Europe/Berlin"), "FREQ=DAILY");
    daily.plan = daily.plan.move_one(local("2027-01-09T09:00:00"), local("2027-01-08T20:00:00")).unwrap();
    daily
}

#[test]
fn a_caption_that_comes_again_too_soon_is_refused_and_two_are_enough() {
    let mut daily = moved_to_the_evening_before();
    let found = objections(&daily);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].pointer.as_str(), found[0].code), ("/caption", "caption_repeated"));
    assert!(found[0].detail.contains("2027-01-08T19:00:00+00:00"), "{}", found[0].detail);
    assert!(found[0].detail.contains("2 different captions"), "{}", found[0].detail);
    daily.captions = vec!["a".into(), "b".into()];
    assert_eq!(objections(&daily), []);
    daily.captions = vec!["a".into(), "a".into()];
    assert_eq!(objections(&daily)[0].pointer, "/captions");
}

#[test]
fn a_caption_of_a_channel_of_its_own_is_what_comes_again_there() {
    let mut daily = moved_to_the_evening_before();
    daily.captions = vec!["a".into(), "b".into()];
    daily.targets[0].change.caption = Some("always the same".into());
    let found = objections(&daily);
    assert_eq!((found[0].pointer.as_str(), found[0].code), ("/targets/0/caption", "caption_repeated"));
}

#[test]
fn a_caption_that_a_channel_refuses_is_named_by_its_place() {
    let mut series = series("2027-01-04T09:00:00", Tz::UTC, "FREQ=WEEKLY");
    series.captions = vec!["fine".into(), "x".repeat(70_000)];
    let found = objections(&series);
    assert_eq!((found[0].pointer.as_str(), found[0].code), ("/captions/1", "caption_too_long"));
}

#[test]
fn what_differs_on_one_day_stays_with_the_day_when_all_move() {
    let mut series = series("2027-01-04T09:00:00", Tz::UTC, "FREQ=WEEKLY;BYDAY=MO,TH");
    let edit = Override { caption: Some("holiday".into()), ..Override::default() };
    series.edits.insert(local("2027-01-07T09:00:00"), edit.clone());
    series.edits.insert(local("2027-01-11T09:00:00"), edit);
    let start = LocalSchedule { local: local("2027-01-04T17:30:00"), zone: Tz::UTC };
    let patch = SeriesPatch {
        start: Some(start),
        rule: "FREQ=WEEKLY;BYDAY=TH".parse().ok(),
        ..SeriesPatch::default()
    };
    let series = series.reshaped(patch).unwrap();
    assert_eq!(series.edits.keys().collect::<Vec<_>>(), [&local("2027-01-07T17:30:00")]);
    assert_eq!(series.counterpart(local("2027-01-14T09:00:00")), Some(local("2027-01-14T17:30:00")));
    assert_eq!(series.counterpart(local("2027-01-11T09:00:00")), None);
}

#[test]
fn a_change_of_the_content_leaves_the_plan_alone() {
    let before = series("2027-01-04T09:00:00", Tz::UTC, "FREQ=DAILY;COUNT=3");
    let post = PostPatch { caption: Some("Good evening".into()), ..PostPatch::default() };
    let after = before.clone().reshaped(SeriesPatch { post, ..SeriesPatch::default() }).unwrap();
    assert_eq!(after.plan, before.plan);
    assert_eq!(captions(&after, 9), ["Good evening"; 3]);
}

#[test]
fn a_rule_that_comes_once_in_a_thousand_years_has_no_next_time_but_does_not_hang() {
    let rare = series("2027-01-04T09:00:00", Tz::UTC, "FREQ=YEARLY;INTERVAL=100");
    let next = rare.upcoming(utc("2027-02-01T00:00:00Z")).next().unwrap();
    assert_eq!(next.local, local("2127-01-04T09:00:00"));
    let never_again = series("2027-01-04T09:00:00", Tz::UTC, "FREQ=YEARLY;INTERVAL=1000");
    assert!(never_again.upcoming(utc("2027-02-01T00:00:00Z")).next().is_none());
}

#[test]
fn windows_follow_each_other_without_a_gap_and_without_repeating_anything() {
    let weekly = series("2027-01-04T09:00:00", Tz::known("Europe/Berlin"), "FREQ=WEEKLY");
    let all: Vec<_> = weekly.upcoming(utc("2027-01-04T08:00:00Z")).take(1_200).map(|one| one.local).collect();
    assert!(all.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::weeks(1)));
}
