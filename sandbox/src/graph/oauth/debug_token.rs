//! `GET /debug_token`: what a token is worth.

use serde_json::{Map, Value, json};

use crate::clock::SECOND;
use crate::graph::answer::{Answer, Outcome};
use crate::graph::auth::{alive, app_of_token};
use crate::graph::error::{GraphError, bad_proof, missing};
use crate::graph::scene::Scene;
use crate::graph::scopes::{Reach, reach};
use crate::world::token::{Holder, Token, appsecret_proof};
use crate::world::{Id, World};

/// Describes `input_token` to its own app. An invalid token is described too, with status 200.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let input = scene.param("input_token").ok_or_else(|| missing("input_token"))?;
    let asking = asking_app(scene)?;
    let Some(token) = scene.world.tokens.get(input) else {
        if app_of_token(scene.world, input) == Some(asking) {
            return Ok(Answer::Json(json!({ "data": {
                "app_id": asking.to_string(), "type": "APP", "is_valid": true, "scopes": [],
            } })));
        }
        let error =
            json!({ "code": 190, "message": "Invalid OAuth access token - Cannot parse access token" });
        return Ok(Answer::Json(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } })));
    };
    if token.app != asking {
        return Err(GraphError::new(
            100,
            "(#100) The App_id in the input_token did not match the Viewing App",
        ));
    }
    Ok(Answer::Json(json!({ "data": describe(scene.world, token, scene.now) })))
}

/// The app that asks: by app token, or by any living token of its own.
fn asking_app(scene: &Scene) -> Result<Id, GraphError> {
    let text = scene.call.token.as_deref().unwrap_or_default();
    if let Some(app) = app_of_token(scene.world, text) {
        check_proof(scene, app, text)?;
        return Ok(app);
    }
    if text.is_empty() {
        return Err(GraphError::new(
            100,
            "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
        ));
    }
    scene.actor().map(|actor| actor.app)
}

/// The proof of an app token is made like that of any other.
fn check_proof(scene: &Scene, app: Id, text: &str) -> Result<(), GraphError> {
    let secret = scene.world.apps.get(&app).map(|app| app.secret.as_str()).unwrap_or_default();
    match scene.param("appsecret_proof") {
        Some(sent) if sent != appsecret_proof(secret, text) => Err(bad_proof()),
        _ => Ok(()),
    }
}

fn describe(world: &World, token: &Token, now: i64) -> Value {
    let (kind, person) = match token.holder {
        Holder::User(person) => ("USER", person),
        Holder::Page { person, .. } => ("PAGE", person),
    };
    let mut data = Map::new();
    let mut put = |name: &str, value: Value| data.insert(name.to_owned(), value);
    put("app_id", json!(token.app.to_string()));
    put("type", json!(kind));
    put("application", json!(world.apps.get(&token.app).map(|app| app.name.clone())));
    put("data_access_expires_at", json!(token.data_until_ms / SECOND));
    put("expires_at", json!(token.expires_ms.map_or(0, |at| at / SECOND)));
    put("issued_at", json!(token.issued_ms / SECOND));
    put("user_id", json!(person.to_string()));
    if let Some(page) = token.holder.page() {
        put("profile_id", json!(page.to_string()));
    }
    let granted: Vec<&String> =
        token.scopes.iter().filter(|scope| world.still_granted(token.app, person, scope)).collect();
    put("granular_scopes", granted.iter().map(|scope| granular(world, token, scope)).collect());
    put("scopes", json!(granted));
    let trouble = alive(world, token, now).err();
    put("is_valid", json!(trouble.is_none()));
    if let Some(error) = trouble {
        put("error", json!({ "code": error.code, "message": error.message, "subcode": error.subcode }));
    }
    Value::Object(data)
}

/// A permission and what it was granted for; without `target_ids` it is everything.
fn granular(world: &World, token: &Token, scope: &str) -> Value {
    let Some(pages) = &token.pages else { return json!({ "scope": scope }) };
    let account = |page: &Id| world.pages.get(page).and_then(|page| page.account);
    let targets: Vec<String> = match reach(scope) {
        Reach::Person => return json!({ "scope": scope }),
        Reach::Pages => pages.iter().map(Id::to_string).collect(),
        Reach::Accounts => pages.iter().filter_map(account).map(|id| id.to_string()).collect(),
    };
    json!({ "scope": scope, "target_ids": targets })
}
