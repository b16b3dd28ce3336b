//! `/oauth/access_token`: codes, long-lived tokens, app tokens.

use std::sync::OnceLock;

use serde_json::json;

use crate::clock::{DAY, SECOND};
use crate::graph::answer::{Answer, Outcome};
use crate::graph::error::{GraphError, dead_token};
use crate::graph::scene::Scene;
use crate::world::Id;
use crate::world::people::Code;
use crate::world::token::{Holder, Token, random_text};

/// How long a token of the code exchange lives; the platform says "about one to two hours".
const SHORT: i64 = 5_400 * SECOND;
/// How long a long-lived token lives: the number of the documented sample, about 60 days.
const LONG: i64 = 5_183_944 * SECOND;
/// How long a code can be exchanged.
const CODE: i64 = 600 * SECOND;

/// Exchanges whatever `grant_type` says.
pub(crate) fn run(scene: &mut Scene) -> Outcome {
    let app = client(scene)?;
    match scene.param("grant_type").unwrap_or("authorization_code") {
        "authorization_code" => code(scene, app),
        "fb_exchange_token" => long_lived(scene, app),
        "client_credentials" => {
            let secret = scene.world.apps.get(&app).map(|app| app.secret.clone()).unwrap_or_default();
            Ok(Answer::Json(json!({ "access_token": format!("{app}|{secret}"), "token_type": "bearer" })))
        }
        other => Err(GraphError::new(100, format!("(#100) Invalid grant_type: {other}"))),
    }
}

/// The app, known by its secret, from parameters or HTTP Basic authentication.
fn client(scene: &Scene) -> Result<Id, GraphError> {
    let basic = scene.call.basic.as_ref();
    let id = scene.param("client_id").or_else(|| basic.map(|(id, _)| id.as_str()));
    let secret = scene.param("client_secret").or_else(|| basic.map(|(_, secret)| secret.as_str()));
    let bad = |code, message: &str| GraphError { status: 400, ..GraphError::new(code, message) };
    let id = id.ok_or_else(|| bad(101, "Missing client_id parameter."))?;
    let app = id.parse().ok().and_then(|id: Id| scene.world.apps.get(&id).map(|app| (id, app)));
    let (id, app) = app.ok_or_else(|| {
        bad(101, "Error validating application. Cannot get application info due to a system error.")
    })?;
    let secret = secret.ok_or_else(|| bad(1, "Missing client_secret parameter."))?;
    if secret == app.secret { Ok(id) } else { Err(bad(1, "Error validating client secret.")) }
}

fn code(scene: &mut Scene, app: Id) -> Outcome {
    let redirect = scene.param("redirect_uri").map(str::to_owned);
    let redirect = redirect.ok_or_else(|| GraphError::new(191, "Missing redirect_uri parameter."))?;
    if url::Url::parse(&redirect).is_err() {
        return Err(GraphError::new(191, "redirect_uri isn't an absolute URI. Check RFC 3986."));
    }
    let text = scene
        .param("code")
        .map(str::to_owned)
        .ok_or_else(|| GraphError::new(100, "(#100) Missing code parameter."))?;
    let (now, subcodes) = (scene.now, scene.switches.code_subcodes);
    let bad = |subcode: u64, message: &str| {
        let error = GraphError::new(100, message);
        if subcodes { error.sub(subcode) } else { error }
    };
    let code = scene.world.codes.get_mut(&text).filter(|code| code.app == app);
    let code = code.ok_or_else(|| GraphError::new(100, "Invalid verification code format."))?;
    if code.used {
        return Err(bad(36_009, "This authorization code has been used."));
    }
    if now - code.issued_ms > CODE {
        return Err(bad(36_007, "This authorization code has expired."));
    }
    if code.redirect_uri != redirect {
        return Err(bad(
            36_008,
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used \
             in the OAuth dialog request",
        ));
    }
    code.used = true;
    let (person, scopes, pages) = take(code);
    Ok(issue(scene, app, person, scopes, pages, SHORT))
}

fn take(code: &mut Code) -> (Id, Vec<String>, Option<Vec<Id>>) {
    (code.person, std::mem::take(&mut code.scopes), code.pages.take())
}

fn long_lived(scene: &mut Scene, app: Id) -> Outcome {
    let text = scene.param("fb_exchange_token");
    let text = text.ok_or_else(|| GraphError::new(100, "(#100) Missing fb_exchange_token parameter."))?;
    let token = scene.world.tokens.get(text).filter(|token| token.app == app);
    let token = token
        .ok_or_else(|| GraphError::new(190, "Invalid OAuth access token - Cannot parse access token"))?;
    let Holder::User(person) = token.holder else {
        return Err(GraphError::new(100, "(#100) Only user access tokens can be exchanged"));
    };
    let expired = token.expires_ms.is_some_and(|at| at <= scene.now);
    if expired {
        return Err(dead_token(463, person, app));
    }
    crate::graph::auth::alive(scene.world, token, scene.now)?;
    let (scopes, pages) = (token.scopes.clone(), token.pages.clone());
    Ok(issue(scene, app, person, scopes, pages, LONG))
}

fn issue(
    scene: &mut Scene,
    app: Id,
    person: Id,
    scopes: Vec<String>,
    pages: Option<Vec<Id>>,
    life: i64,
) -> Answer {
    let token = Token {
        number: 0,
        app,
        holder: Holder::User(person),
        scopes,
        pages,
        issued_ms: scene.now,
        expires_ms: Some(scene.now + life),
        data_until_ms: scene.now + 90 * DAY,
        revoked: None,
        generation: scene.world.generation(app, person),
        proof: OnceLock::new(),
    };
    let text = random_text();
    scene.world.keep_token(text.clone(), token);
    Answer::Json(json!({ "access_token": text, "token_type": "bearer", "expires_in": life / SECOND }))
}
