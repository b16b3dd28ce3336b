//! A front end: what somebody does over the API, in as few words as possible.

use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, Url, redirect::Policy};
use serde_json::{Value, json};

const PASSWORD: &str = "a harbour at six in the morning";

pub(super) struct FrontEnd {
    http: Client,
    api: String,
    token: String,
    pub(super) workspace: String,
}

async fn ok(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text} {headers}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn unique() -> String {
    uuid::Uuid::now_v7().to_string()
}

impl FrontEnd {
    /// Signs somebody up and in.
    pub(super) async fn sign_up(api: &str) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let mail = format!("{}@example.org", unique());
        let notice = ok(http.get(format!("{api}/v1/registrations/policy"))).await;
        let registration = json!({"mail": mail, "password": PASSWORD, "organization_name": "Harbour", "is_of_age": true,
            "acknowledged_notice": notice["notice_version"]});
        ok(http.post(format!("{api}/v1/registrations")).json(&registration)).await;
        let session = json!({"mail": mail, "password": PASSWORD});
        let session = ok(http.post(format!("{api}/v1/sessions")).json(&session)).await;
        let token = session["access_token"].as_str().unwrap().to_owned();
        let mut front_end = Self { http, api: api.to_owned(), token, workspace: String::new() };
        let workspaces = front_end.get("/v1/workspaces").await;
        workspaces["data"][0]["id"].as_str().unwrap().clone_into(&mut front_end.workspace);
        front_end
    }

    /// Reads. While the database is being restarted the API says so; a front end asks again.
    pub(super) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.api)).bearer_auth(&self.token);
        for _ in 0..20 {
            let answer = request.try_clone().unwrap().send().await.unwrap();
            if answer.status() != reqwest::StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        ok(request).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.api)).bearer_auth(&self.token);
        // What creates takes a key; what acts on something refuses one.
        let creates = path.matches('/').count() == 2;
        let request = if creates { request.header("Idempotency-Key", unique()) } else { request };
        ok(request.json(body)).await
    }

    /// Connects everything a person of the sandbox administers, through the login dialog. Channels by platform id.
    pub(super) async fn connect(&self, person: &str) -> Vec<Value> {
        let begun = json!({"workspace_id": self.workspace, "provider": "meta"});
        let begun = self.post("/v1/connections", &begun).await;
        let back = self.log_in(begun["authorize_url"].as_str().unwrap(), person).await;
        let asks = self.http.get(&back).send().await.unwrap().text().await.unwrap();
        let nonce =
            asks.split("name=\"nonce\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let form = self
            .http
            .post(back.split('?').next().unwrap())
            .form(&[("nonce", nonce), ("decision", "continue")]);
        let page = form.send().await.unwrap().text().await.unwrap();
        let code = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
        let connection = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
        let offer = self.post(&format!("{connection}/complete"), &json!({"completion_code": code})).await;
        let pick = |c: &Value| json!({"platform": c["platform"], "remote_id": c["remote_id"]});
        let picks: Vec<Value> = offer["candidates"].as_array().unwrap().iter().map(pick).collect();
        let connected = self.post(&format!("{connection}/channels"), &json!({"candidates": picks})).await;
        connected["channels"].as_array().unwrap().clone()
    }

    async fn log_in(&self, authorize: &str, person: &str) -> String {
        let mut dialog = Url::parse(authorize).unwrap();
        let mut form: Vec<(String, String)> = dialog.query_pairs().into_owned().collect();
        form.push(("person".into(), person.into()));
        form.push(("decision".into(), "continue".into()));
        dialog.set_query(None);
        let answer = self.http.post(dialog).form(&form).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Uploads a picture of one colour.
    pub(super) async fn upload(&self, shade: u8) -> String {
        let mut jpeg = Vec::new();
        let picture = image::RgbImage::from_pixel(320, 320, image::Rgb([shade, 90, 160]));
        picture.write_to(&mut std::io::Cursor::new(&mut jpeg), image::ImageFormat::Jpeg).unwrap();
        let file =
            reqwest::multipart::Part::bytes(jpeg).file_name("shade.jpg").mime_str("image/jpeg").unwrap();
        let form =
            reqwest::multipart::Form::new().text("workspace_id", self.workspace.clone()).part("file", file);
        let request = self.http.post(format!("{}/v1/media", self.api)).bearer_auth(&self.token);
        let asset = ok(request.header("Idempotency-Key", unique()).multipart(form)).await;
        asset["id"].as_str().unwrap().to_owned()
    }

    /// Imports a file of posts.
    pub(super) async fn import(&self, file: String) -> String {
        let path = format!("{}/v1/workspaces/{}/imports", self.api, self.workspace);
        let request = self.http.post(path).bearer_auth(&self.token).header("Content-Type", "text/csv");
        ok(request.body(file)).await["id"].as_str().unwrap().to_owned()
    }

    /// Every post, as comma-separated values.
    pub(super) async fn export(&self) -> String {
        let path = format!("{}/v1/workspaces/{}/posts.csv", self.api, self.workspace);
        let answer = self.http.get(path).bearer_auth(&self.token).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    }

    /// Writes a post and schedules it.
    pub(super) async fn schedule(
        &self,
        caption: &str,
        channels: &[&str],
        media: &[String],
        at: DateTime<Utc>,
    ) -> Value {
        let targets: Vec<Value> = channels.iter().map(|id| json!({"channel_id": id})).collect();
        let media: Vec<Value> = media.iter().map(|id| json!({"media_id": id})).collect();
        let post =
            json!({"workspace_id": self.workspace, "caption": caption, "targets": targets, "media": media});
        let post = self.post("/v1/posts", &post).await;
        let path = format!("/v1/posts/{}/schedule", post["id"].as_str().unwrap());
        self.post(&path, &json!({"at": at.to_rfc3339()})).await
    }

    /// Every publication of the organization.
    pub(super) async fn publications(&self) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/publications?limit=100{after}")).await;
            all.extend(page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => return all,
            }
        }
    }
}

/// Whether nothing will happen to a publication by itself any more, permalinks included.
pub(super) fn is_settled(publication: &Value) -> bool {
    publication["next_step_at"].is_null()
        && publication["state"] != "preparing"
        && publication["state"] != "publishing"
}
