//! Some days of a calendar.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{plan, stage};
use crate::support::{Person, pictures::jpeg};

/// Half past eleven at night in UTC on the first day of the month after next: another day east of it.
fn late() -> DateTime<Utc> {
    let month = (Utc::now() + TimeDelta::days(62)).date_naive().with_day(1).unwrap();
    month.and_hms_opt(23, 30, 0).unwrap().and_utc()
}

async fn days(person: &Person, query: &str) -> Value {
    let first = late().date_naive();
    let range = format!("from={first}&to={}", first + TimeDelta::days(27));
    person.get(&format!("/v1/workspaces/{}/calendar?{range}{query}", person.workspace)).await.is(200).body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_shown_by_the_day_of_the_viewer_and_by_channel() {
    let (_world, person, channels) = stage().await;
    let picture = person.upload(jpeg([9, 9, 9])).await;
    let with_picture = json!({ "media": [{ "media_id": picture }] });
    let post = person.write("Late\nbread", &[&channels.facebook, &channels.instagram], with_picture).await;
    let wall = json!({ "local_time": late().format("%Y-%m-%dT%H:%M:%S").to_string(), "time_zone": "UTC" });
    person.post(&format!("/v1/posts/{post}/schedule"), wall).await.is(200);
    let (today, next) = (late().date_naive(), late().date_naive() + TimeDelta::days(1));
    for (zone, date, hour) in [
        ("UTC", today, "23:30:00"),
        ("America/New_York", today, if late().month() % 11 < 2 { "18:30:00" } else { "19:30:00" }),
        ("Asia/Kolkata", next, "05:00:00"),
    ] {
        let shown = days(&person, &format!("&time_zone={zone}")).await;
        let day = &shown["data"][0];
        if zone != "America/New_York" {
            assert_eq!(day["channels"][0]["entries"][0]["local_time"], format!("{date}T{hour}"), "{zone}");
        }
        assert_eq!((&shown["time_zone"], &day["date"]), (&zone.into(), &date.to_string().into()));
        assert_eq!((&day["count"], shown["data"].as_array().unwrap().len()), (&2.into(), 1));
        let columns = day["channels"].as_array().unwrap();
        assert_eq!(columns.len(), 2);
        for column in columns {
            let entry = &column["entries"][0];
            assert_eq!(column["channel_id"], entry["channel_id"]);
            assert_eq!((&entry["post_id"], &entry["excerpt"]), (&post.as_str().into(), &"Late bread".into()));
            assert_eq!(
                (&entry["media_id"], &entry["status"]),
                (&picture.as_str().into(), &"scheduled".into())
            );
            assert_eq!(entry["post_time_zone"], "UTC");
        }
    }
    let only = days(&person, &format!("&time_zone=UTC&channel_id={}", channels.instagram)).await;
    assert_eq!(only["data"][0]["count"], 1);
    assert_eq!(days(&person, "&status=published").await["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_complete_on_every_page_and_pages_hold_every_entry_once() {
    let (_world, person, channels) = stage().await;
    let mut expected = Vec::new();
    for hours in [0, 1, 30] {
        expected
            .push(plan(&person, "One of three", &channels.facebook, late() + TimeDelta::hours(hours)).await);
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = days(&person, &format!("&time_zone=UTC&limit=1{cursor}")).await;
        let counts: Vec<_> =
            page["data"].as_array().unwrap().iter().map(|day| day["count"].clone()).collect();
        assert_eq!(counts, [json!(1), json!(1), json!(1)]);
        for day in page["data"].as_array().unwrap() {
            let entries = day["channels"][0]["entries"].as_array().unwrap();
            found.extend(entries.iter().map(|entry| entry["post_id"].as_str().unwrap().to_owned()));
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&after={next}");
    }
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_that_make_no_calendar_are_refused_by_name() {
    let (_world, person, _) = stage().await;
    let ask = async |query: &str| {
        person.get(&format!("/v1/workspaces/{}/calendar?{query}", person.workspace)).await
    };
    for (query, pointer, code) in [
        ("from=2027-01-01&to=2027-03-04", "/to", "range_too_long"),
        ("from=2027-01-02&to=2027-01-01", "/to", "range_backwards"),
        ("from=2027-02-29&to=2027-03-01", "/from", "wrong_format"),
        ("from=2027-1-1&to=2027-03-01", "/from", "wrong_pattern"),
        ("to=2027-03-01", "/from", "required"),
        ("from=0001-01-01&to=0001-01-01&time_zone=Mars/Olympus", "/time_zone", "wrong_format"),
    ] {
        let refused = ask(query).await.refuses(400, "invalid_parameters");
        assert_eq!(refused.violations()[0], (pointer.to_owned(), code.to_owned()), "{query}");
    }
    for edge in
        ["from=2027-01-01&to=2027-03-03", "from=0000-01-01&to=0000-01-01", "from=9999-12-31&to=9999-12-31"]
    {
        assert_eq!(ask(edge).await.is(200).body["data"], json!([]));
    }
    ask("from=2027-01-01&to=2027-01-01&after=AAAA").await.refuses(400, "invalid_cursor");
}
