//! Exports.

use chrono::{SubsecRound, TimeDelta, Utc};
use serde_json::json;

use super::{plan, stage, values};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_leaves_as_events_with_the_times_and_texts_that_the_api_shows() {
    let (_world, person, channels) = stage().await;
    let at = Utc::now() + TimeDelta::days(3);
    let caption = format!("Commas, semicolons; \\ and\nlines {}", "🎺".repeat(60));
    let post = plan(&person, &caption, &channels.facebook, at).await;
    person.write("Without a time", &[&channels.facebook], json!({})).await;
    let export = person.get(&format!("/v1/workspaces/{}/posts.ics", person.workspace)).await.is(200);
    assert_eq!(export.header("content-type"), "text/calendar; charset=utf-8");
    let text = export.body.as_str().unwrap();
    let publication = person.view(&post).await.text("/publications/0/id");
    assert_eq!(values(text, "UID"), [publication]);
    assert_eq!(values(text, "DTSTART"), [at.format("%Y%m%dT%H%M%SZ").to_string()]);
    let escaped = caption.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;").replace('\n', "\\n");
    assert_eq!(values(text, "DESCRIPTION"), [escaped]);
    assert_eq!(values(text, "X-POSTERN-POST"), [post]);
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
    let long_ago = format!("/v1/workspaces/{}/posts.ics?to=2020-01-01", person.workspace);
    assert!(values(person.get(&long_ago).await.is(200).body.as_str().unwrap(), "UID").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_leave_as_lines_that_no_spreadsheet_takes_for_formulas() {
    let (_world, person, channels) = stage().await;
    let link = json!({ "link": "https://example.org/menu" });
    let draft = person.write("=HYPERLINK(\"https://evil.example\")", &[&channels.facebook], link).await;
    let at = (Utc::now() + TimeDelta::days(3)).trunc_subsecs(0);
    let post = plan(&person, "Two\nlines", &channels.facebook, at).await;
    let path = |query: &str| format!("/v1/workspaces/{}/posts.csv{query}", person.workspace);
    let export = person.get(&path("")).await.is(200);
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"posts.csv\"");
    let (channel, due) = (&channels.facebook, at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    let expected = [
        "key,caption,link,media_ids,channels,local_time,time_zone,at,channel_times,action,status,permalink"
            .to_owned(),
        format!(
            "{draft},\"'=HYPERLINK(\"\"https://evil.example\"\")\",https://example.org/menu,,{channel},,,,,draft,draft,"
        ),
        format!("{post},\"Two\nlines\",,,{channel},,,{due},,schedule,scheduled,"),
        String::new(),
    ];
    assert_eq!(export.body.as_str().unwrap(), expected.join("\r\n"));
    let planned = person.get(&path("?status=scheduled")).await.is(200);
    assert_eq!(planned.body.as_str().unwrap().matches("post_").count(), 1);
    person.get(&path("?from=2027-01-02&to=2027-01-01")).await.refuses(400, "invalid_parameters");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_goes_on_beyond_its_first_batch() {
    let (world, person, channels) = stage().await;
    let post = plan(&person, "One of many", &channels.facebook, Utc::now() + TimeDelta::days(3)).await;
    let copies = "INSERT INTO posts (id, organization_id, workspace_id, caption, due_at, author_person)
        SELECT gen_random_uuid(), organization_id, workspace_id, 'Copy ' || n, due_at + n % 7 * interval '1 hour', author_person
        FROM posts, generate_series(1, 250) n WHERE caption = 'One of many'";
    world.database.execute(copies, &[]).await;
    let export = async |name: &str| {
        let path = format!("/v1/workspaces/{}/{name}", person.workspace);
        person.get(&path).await.is(200).body.as_str().unwrap().to_owned()
    };
    let lines = export("posts.csv").await;
    assert_eq!(lines.split("\r\n").count(), 1 + 251 + 1);
    assert!(lines.contains(&post));
    let mut ids = values(&export("posts.ics").await, "X-POSTERN-POST");
    assert_eq!(ids.len(), 251);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 251, "an event stands there twice");
}
