//! Operations that take an `Idempotency-Key`.

use std::sync::atomic::{AtomicU8, Ordering};

use api::request::crash::Moment;
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{dies_over, lose_the_answer, posts, serve, serve_until};
use crate::support::{Person, Reply, World, pictures::jpeg, process::Process, sandbox::PAGE};

/// Each operation with the table in which it makes a row.
const KEYED: [(&str, &str); 12] = [
    ("bulkCreatePosts", "posts"),
    ("chooseChannels", "channels"),
    ("createApiKey", "api_keys"),
    ("createConnection", "connections"),
    ("createFeed", "feeds"),
    ("createImport", "imports"),
    ("createPost", "posts"),
    ("createSeries", "series"),
    ("createWorkspace", "workspaces"),
    ("importMedia", "media_assets"),
    ("splitSeries", "series"),
    ("uploadMedia", "media_assets"),
];

/// What the requests need.
struct Desk {
    person: Person,
    /// A connection whose choice is open.
    connection: String,
    /// A channel, and a series on it.
    channel: String,
    series: String,
    /// Where another picture is given each time.
    pictures: String,
}

impl Desk {
    /// A request, the same each time.
    fn request(&self, operation: &str) -> RequestBuilder {
        let workspace = &self.person.workspace;
        let ask = |path: &str| {
            let key = format!("the only {operation}");
            self.person.request("POST", path).header("Idempotency-Key", key)
        };
        match operation {
            "chooseChannels" => {
                let picks = json!({ "candidates": [{ "platform": "facebook", "remote_id": PAGE }] });
                ask(&format!("/v1/connections/{}/channels", self.connection)).json(&picks)
            }
            "createApiKey" => ask("/v1/api_keys").json(&json!({ "name": "ci", "scopes": ["posts:read"] })),
            "createConnection" => {
                ask("/v1/connections").json(&json!({ "workspace_id": workspace, "provider": "meta" }))
            }
            "createFeed" => {
                ask(&format!("/v1/workspaces/{workspace}/feeds")).json(&json!({ "name": "Team" }))
            }
            "createPost" => ask("/v1/posts").json(&json!({ "workspace_id": workspace, "caption": "Once" })),
            "createWorkspace" => {
                ask("/v1/workspaces").json(&json!({ "name": "Nine lives", "time_zone": "Europe/Riga" }))
            }
            "importMedia" => {
                ask("/v1/media/import").json(&json!({ "workspace_id": workspace, "url": self.pictures }))
            }
            "uploadMedia" => {
                let file = Part::bytes(jpeg([1, 2, 3])).file_name("once.jpg");
                ask("/v1/media")
                    .multipart(Form::new().text("workspace_id", workspace.clone()).part("file", file))
            }
            other => self.request_for_many(other, ask),
        }
    }

    /// A request for several posts.
    fn request_for_many(&self, operation: &str, ask: impl Fn(&str) -> RequestBuilder) -> RequestBuilder {
        let workspace = &self.person.workspace;
        match operation {
            "bulkCreatePosts" => {
                let well = json!({ "post": { "workspace_id": workspace, "caption": "One of many" } });
                let ill = json!({ "post": { "workspace_id": workspace }, "schedule": { "at": "2020-01-01T00:00:00Z" } });
                ask("/v1/posts/bulk/create").json(&json!({ "items": [ill, well] }))
            }
            "createImport" => ask(&format!("/v1/workspaces/{workspace}/imports?dry_run=true"))
                .header("Content-Type", "text/csv")
                .body("key,caption\na,One\n"),
            "createSeries" => ask("/v1/series").json(&json!({
                "workspace_id": workspace, "caption": "Once a week", "targets": [{ "channel_id": self.channel }],
                "start": { "local_time": "2035-03-06T09:30:00", "time_zone": "UTC" }, "rule": "FREQ=WEEKLY",
            })),
            "splitSeries" => {
                ask(&format!("/v1/series/{}/split", self.series)).json(&json!({ "at": "2035-03-13T09:30:00" }))
            }
            other => panic!("nobody knows how to ask for {other}"),
        }
    }

    async fn send(&self, operation: &str) -> Reply {
        self.person.send(self.request(operation)).await
    }
}

/// A web server that gives a picture of another colour each time.
async fn gallery() -> String {
    static SHADE: AtomicU8 = AtomicU8::new(100);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut visitor, _) = listener.accept().await.unwrap();
            let _ = visitor.read(&mut [0; 4096]).await;
            let picture = jpeg([SHADE.fetch_add(1, Ordering::Relaxed), 7, 7]);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                picture.len()
            );
            let _ = visitor.write_all(&[head.into_bytes(), picture].concat()).await;
        }
    });
    address.to_string()
}

async fn stage() -> (World, Process, Desk) {
    let host = gallery().await;
    let world = World::prepare(&[("POSTERN_FETCH_ALLOW_PRIVATE", &host)]).await;
    let server = serve(&world).await;
    let person = world.sign_up("Repeated").await;
    let pictures = format!("http://{host}/picture.jpg");
    let [connection, channel, series] = [const { String::new() }; 3];
    (world, server, Desk { person, connection, channel, series, pictures })
}

async fn rows(world: &World, table: &str) -> i64 {
    world.database.number(&format!("SELECT count(*) FROM {table}")).await
}

/// Insists that a repeated request is answered as the first one was to be.
async fn answered(desk: &Desk, operation: &str) -> Value {
    let again = desk.send(operation).await;
    if matches!(operation, "createApiKey" | "createConnection" | "createFeed") {
        let again = again.refuses(409, "idempotency_secret_gone");
        return again.header("location").into();
    }
    assert_eq!(again.header("idempotency-replayed"), "true", "{operation}: {:#}", again.body);
    if operation == "chooseChannels" {
        let channels = desk.person.get("/v1/channels").await.is(200);
        assert_eq!(again.clone().is(200).body["channels"], channels.body["data"]);
        return again.body["channels"][0]["id"].clone();
    }
    if operation == "bulkCreatePosts" {
        let items = again.clone().is(207).body["items"].clone();
        assert_eq!((&items[0]["status"], &items[1]["status"]), (&json!(409), &json!(201)));
        let id = items[1]["post"]["id"].as_str().unwrap();
        assert_eq!(desk.person.view(id).await.body, items[1]["post"]);
        return id.into();
    }
    let there = desk.person.get(&again.header("location")).await.is(200);
    let status = if operation == "createImport" { 202 } else { 201 };
    let mut shown = [again.clone().is(status).body, there.body];
    // The signed address of a picture is a new one each time.
    shown.iter_mut().filter_map(Value::as_object_mut).for_each(|body| drop(body.remove("url")));
    assert_eq!(shown[0], shown[1], "{operation}");
    assert_eq!(again.headers.get("etag"), there.headers.get("etag"), "{operation}");
    shown[0]["id"].clone()
}

#[test]
fn every_operation_that_takes_a_key_is_tried() {
    assert_eq!(posts(true), KEYED.map(|(operation, _)| operation));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_before_the_server_died_is_not_made_again() {
    let (world, mut server, mut desk) = stage().await;
    for (operation, table) in KEYED {
        if operation == "chooseChannels" {
            let login = desk.person.begin().await;
            desk.person.complete(&login, &[]).await;
            desk.connection = login.connection;
        }
        if operation == "createSeries" {
            desk.channel = desk.person.get("/v1/channels").await.is(200).text("/data/0/id");
        }
        if operation == "splitSeries" {
            desk.series = desk.person.get("/v1/series").await.is(200).text("/data/0/id");
        }
        let before = rows(&world, table).await;
        server = lose_the_answer(&world, server, operation, desk.request(operation)).await;
        assert_eq!(rows(&world, table).await, before + 1, "{operation} was carried out");
        let first = answered(&desk, operation).await;
        assert_eq!(answered(&desk, operation).await, first, "{operation}");
        assert_eq!(rows(&world, table).await, before + 1, "{operation} was carried out again");
    }
    assert!(server.stop().await.0.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_made_before_the_server_died_is_made_once_its_claim_has_run_out() {
    let (world, mut server, desk) = stage().await;
    server.stop().await;
    let victim = serve_until(&world, Some((Moment::Held, "createPost"))).await;
    dies_over(victim, desk.request("createPost")).await;
    assert_eq!(rows(&world, "posts").await, 0);
    let _server = serve(&world).await;
    desk.send("createPost").await.refuses(409, "idempotency_in_flight");
    world.database.execute("UPDATE idempotency_keys SET expires_at = now()", &[]).await;
    let first = desk.send("createPost").await.is(201);
    let again = desk.send("createPost").await.is(201);
    assert_eq!((first.body, rows(&world, "posts").await), (again.body, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_kept_before_the_server_died_is_given_word_by_word() {
    let (world, mut server, desk) = stage().await;
    server.stop().await;
    let victim = serve_until(&world, Some((Moment::Kept, "createPost"))).await;
    dies_over(victim, desk.request("createPost")).await;
    let _server = serve(&world).await;
    let first = desk.send("createPost").await.is(201);
    let tag = first.header("etag");
    let path = first.header("location");
    desk.person.patch(&path, &tag, json!({ "caption": "Edited since" })).await.is(200);
    let again = desk.send("createPost").await.is(201);
    assert_eq!((&again.body["caption"], &again.header("etag")), (&json!("Once"), &tag));
    assert_eq!(rows(&world, "posts").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_shows_what_there_is_now_and_what_was_deleted_stays_so() {
    let (world, server, desk) = stage().await;
    let _server = lose_the_answer(&world, server, "createPost", desk.request("createPost")).await;
    let listed = desk.person.get("/v1/posts").await.is(200);
    let path = format!("/v1/posts/{}", listed.text("/data/0/id"));
    let tag = desk.person.get(&path).await.header("etag");
    desk.person.patch(&path, &tag, json!({ "caption": "Edited since" })).await.is(200);
    assert_eq!(desk.send("createPost").await.is(201).text("/caption"), "Edited since");
    desk.person.delete(&path).await.is(204);
    desk.send("createPost").await.refuses(404, "not_found");
    assert_eq!(rows(&world, "posts").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_post_that_was_asked_for_three_times_is_published_once() {
    let (world, server, desk) = stage().await;
    let person = &desk.person;
    let page = person.connect().await.facebook;
    let body =
        json!({ "workspace_id": person.workspace, "caption": "Once", "targets": [{ "channel_id": page }] });
    let write = || person.request("POST", "/v1/posts").header("Idempotency-Key", "a post").json(&body);
    let server = lose_the_answer(&world, server, "createPost", write()).await;
    let post = person.send(write()).await.is(201).text("/id");
    assert_eq!(person.send(write()).await.is(201).text("/id"), post);
    let publish = format!("/v1/posts/{post}/publish");
    let _server = lose_the_answer(&world, server, "publishPost", person.request("POST", &publish)).await;
    let planned = person.ask(&publish).await.is(200);
    assert_eq!(planned.body["publications"].as_array().unwrap().len(), 1);
    let _work = Process::start(&["work"], world.environment());
    let view = person.until_status(&post, "published").await;
    person.ask(&publish).await.refuses(409, "publishing_began");
    let ledger = world.sandbox.ledger().await;
    assert_eq!(ledger.len(), 1, "{ledger:#?}");
    assert_eq!(ledger[0]["object_id"], view["publications"][0]["platform_post_id"]);
    assert_eq!((rows(&world, "posts").await, rows(&world, "publications").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_sent_again_under_its_key_must_be_the_same() {
    let (world, mut server, desk) = stage().await;
    let ask = |file: &str| {
        let path = format!("/v1/workspaces/{}/imports", desk.person.workspace);
        let request = desk.person.request("POST", &path).header("Idempotency-Key", "a file");
        desk.person.send(request.header("Content-Type", "text/csv").body(file.to_owned()))
    };
    let first = ask("key\na\n").await.is(202);
    let again = ask("key\na\n").await.is(202);
    assert_eq!((&first.body, again.header("idempotency-replayed").as_str()), (&again.body, "true"));
    ask("key\nb\n").await.refuses(422, "idempotency_mismatch");
    assert_eq!(rows(&world, "imports").await, 1);
    assert!(server.stop().await.0.success());
}
