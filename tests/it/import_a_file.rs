//! Importing a file: what comes of each row, what a dry run says, and who may stop what.

use chrono::{SecondsFormat, TimeDelta, Utc};
use postern::Roles;
use serde_json::{Value, json};

use crate::support::World;

const API: Roles = Roles { api: true, workers: false };
const ALL: Roles = Roles { api: true, workers: true };

fn counts(import: &Value) -> [u64; 6] {
    ["rows", "read", "valid", "created", "skipped", "failed"].map(|name| import[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_become_drafts_and_scheduled_posts_and_wrong_ones_say_what_is_wrong() {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    let soon = (Utc::now() + TimeDelta::days(2)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let page = &channels.facebook;
    let file = format!(
        "key,caption,channels,at,local_time,action\r\n\
         a,\"Bread, fresh\",,,,\r\n\
         b,On the page,{page},{soon},,schedule\r\n\
         c,At nine,{page},,2027-06-01 09:00,schedule\r\n\
         d,Too late,{page},2020-01-01T00:00:00Z,,schedule\r\n\
         e,Nowhere,Elsewhere,,,draft\r\n\
         a,Again,,,,\r\n\
         f,Too few\r\n"
    );
    let made = person.import(&person.workspace, "?time_zone=Europe/Riga", file).await.is(202);
    let import = made.text("/id");
    assert_eq!(made.header("location"), format!("/v1/imports/{import}"));
    let done = person.until_imported(&import).await;
    assert_eq!((done["state"].clone(), counts(&done)), (json!("done"), [7, 7, 3, 3, 0, 4]));
    let failed = [
        "5 d at:time_passed",
        "6 e channels:channel_unknown",
        "7 a key:key_repeated",
        "8 f *:csv_cells_mismatch",
    ];
    assert_eq!(person.import_rows(&import, "failed").await, failed);

    let posts = person.get("/v1/posts").await.is(200).body["data"].as_array().unwrap().clone();
    let mut shown: Vec<_> = posts
        .iter()
        .map(|post| (post["caption"].as_str().unwrap(), post["status"].as_str().unwrap()))
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [("At nine", "scheduled"), ("Bread, fresh", "draft"), ("On the page", "scheduled")]);
    let nine = posts.iter().find(|post| post["caption"] == "At nine").unwrap();
    assert_eq!(nine["schedule"]["at"], "2027-06-01T06:00:00.000Z");
    assert_eq!(nine["schedule"]["time_zone"], "Europe/Riga");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_imported_again_makes_nothing_twice() {
    let world = World::start().await;
    let person = world.sign_up("Twice").await;
    let first = person.import(&person.workspace, "", "key,caption\na,One\nb,Two\n").await.is(202).text("/id");
    person.until_imported(&first).await;
    let again = "key,caption\nb,Two\nc,Three\na,One\n";
    let again = person.import(&person.workspace, "", again).await.is(202).text("/id");
    assert_eq!(counts(&person.until_imported(&again).await), [3, 3, 1, 1, 2, 0]);
    let rows = person.get(&format!("/v1/imports/{first}/rows")).await.is(200);
    let repeated = person.get(&format!("/v1/imports/{again}/rows?state=skipped")).await.is(200);
    assert_eq!(repeated.body["data"][0]["post_id"], rows.body["data"][1]["post_id"]);
    assert_eq!(person.get("/v1/posts").await.body["data"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_judges_every_row_and_makes_nothing() {
    let world = World::start().await;
    let person = world.sign_up("Careful").await;
    let file = "key,caption,link,action\na,One,,\nb,Two,no link,later\na,Three,,\n";
    let import = person.import(&person.workspace, "?dry_run=true", file).await.is(202).text("/id");
    let done = person.until_imported(&import).await;
    assert_eq!(counts(&done), [3, 3, 1, 0, 0, 2]);
    let failed = ["3 b link:link_invalid action:not_allowed", "4 a key:key_repeated"];
    assert_eq!(person.import_rows(&import, "failed").await, failed);
    assert_eq!(person.get("/v1/posts").await.body["data"], json!([]));
    let real = person.import(&person.workspace, "", "key\na\n").await.is(202).text("/id");
    assert_eq!(counts(&person.until_imported(&real).await), [1, 1, 1, 1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_of_rows_is_refused_and_leaves_nothing() {
    let world = World::start().await;
    let person = world.sign_up("Strict").await;
    for (file, code) in [
        ("", "csv_header_missing"),
        ("key\n", "csv_rows_missing"),
        ("caption\nx\n", "csv_column_missing"),
        ("key,colour\na,red\n", "csv_column_unknown"),
        ("key\na\0\n", "nul_character"),
        ("key\n\"a\n", "csv_quote_open"),
        ("key,caption\na,\"one\nb,\"two\nc,three\n", "csv_quote_misplaced"),
    ] {
        let refused = person.import(&person.workspace, "", file).await.refuses(422, "validation_failed");
        assert_eq!(refused.violations()[0].1, code, "{file:?}");
    }
    let path = format!("/v1/workspaces/{}/imports", person.workspace);
    let latin = person.request("POST", &path).header("Content-Type", "text/csv; charset=iso-8859-1");
    person.send(latin.body(&b"key,caption\na,caf\xe9\n"[..])).await.refuses(415, "unsupported_media_type");
    person.import(&person.workspace, "?time_zone=Mars", "key\na\n").await.refuses(400, "invalid_parameters");
    assert_eq!(world.database.number("SELECT count(*) FROM imports").await, 0);
    assert_eq!(world.database.number("SELECT count(*) FROM import_rows").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scheduling_rows_need_the_right_to_publish_when_sent_and_when_run() {
    let mut world = World::start().await;
    let person = world.sign_up("Delegated").await;
    let page = person.connect().await.facebook;
    let file = format!("key,caption,channels,at,action\na,One,{page},2027-03-01T09:30:00Z,schedule\n");
    let writer = json!({ "name": "writer", "scopes": ["posts:read", "posts:write"] });
    let (_, writer) = person.grant(writer).await;
    writer.import(&person.workspace, "", file.clone()).await.refuses(403, "scope_missing");
    world.run(API).await;
    let scopes = ["posts:read", "posts:write", "posts:publish"];
    let (key, publisher) = person.grant(json!({ "name": "publisher", "scopes": scopes })).await;
    let import = publisher.import(&person.workspace, "", file.clone()).await.is(202).text("/id");
    person.delete(&format!("/v1/api_keys/{key}")).await.is(204);
    world.run(ALL).await;
    let stopped = person.until_imported(&import).await;
    assert_eq!((&stopped["state"], &stopped["reason"]), (&json!("failed"), &json!("authority_gone")));
    assert_eq!(world.database.number("SELECT count(*) FROM posts").await, 0);
    let kept = "SELECT count(*) FROM import_rows WHERE cells IS NOT NULL";
    assert_eq!(world.database.number(kept).await, 0);

    let (key, publisher) = person.grant(json!({ "name": "publisher", "scopes": scopes })).await;
    let import = publisher.import(&person.workspace, "", file).await.is(202).text("/id");
    assert_eq!(person.until_imported(&import).await["created"], 1);
    let approvals =
        world.database.query("SELECT method FROM approvals WHERE api_key_id IS NOT NULL", &[]).await;
    assert_eq!(
        approvals.iter().map(|row| row.get(0)).collect::<Vec<String>>(),
        ["standing_instruction"],
        "{key}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_cancelled_makes_nothing_and_cannot_be_cancelled_again() {
    let mut world = World::start().await;
    let person = world.sign_up("Undecided").await;
    world.run(API).await;
    let import = person.import(&person.workspace, "", "key\na\nb\n").await.is(202).text("/id");
    assert_eq!(person.get(&format!("/v1/imports/{import}")).await.body["state"], "queued");
    let cancel = format!("/v1/imports/{import}/cancel");
    assert_eq!(person.ask(&cancel).await.is(200).body["state"], "cancelled");
    person.ask(&cancel).await.refuses(409, "conflict");
    world.run(ALL).await;
    let other = person.import(&person.workspace, "", "key\nc\n").await.is(202).text("/id");
    person.until_imported(&other).await;
    assert_eq!(world.database.number("SELECT count(*) FROM posts").await, 1);
    let list = person.get("/v1/imports?limit=1").await.is(200);
    assert_eq!(list.text("/data/0/id"), other);
    let next = format!("/v1/imports?limit=1&after={}", list.text("/next_cursor"));
    assert_eq!(person.get(&next).await.is(200).text("/data/0/id"), import);
}
