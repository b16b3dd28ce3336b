//! The login dialog: `GET` shows it, `POST` to the same address answers it.

use poem::http::{Method, StatusCode};
use url::Url;

use super::dialog_page;
use crate::graph::answer::Answer;
use crate::graph::scene::Scene;
use crate::graph::scopes;
use crate::world::people::Code;
use crate::world::token::random_text;
use crate::world::{Id, World};

/// What an app asks for.
pub(crate) struct Ask {
    pub(crate) app: Id,
    pub(crate) app_name: String,
    pub(crate) redirect_uri: Url,
    /// The text as it was sent: the exchange must repeat it byte by byte.
    pub(crate) redirect_text: String,
    pub(crate) state: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// Declined permissions are asked for again.
    pub(crate) rerequest: bool,
    pub(crate) return_scopes: bool,
}

/// Shows or answers the dialog. Mistakes of the app are shown to the person and never redirected.
pub(crate) fn run(scene: &mut Scene) -> Answer {
    let ask = match ask(scene) {
        Ok(ask) => ask,
        Err(message) => return Answer::Html(StatusCode::BAD_REQUEST, dialog_page::refusal(&message)),
    };
    if scene.call.method == Method::POST {
        return answer(scene, &ask);
    }
    let chosen = scene.param("person").and_then(|id| id.parse().ok());
    let hidden = scene.call.params.clone();
    Answer::Html(StatusCode::OK, dialog_page::dialog(scene.world, &ask, chosen, &hidden))
}

fn ask(scene: &Scene) -> Result<Ask, String> {
    let client = scene.param("client_id").ok_or("The parameter client_id is required.")?;
    let app_id = client.parse().unwrap_or(0);
    let app = scene.world.apps.get(&app_id).ok_or("App not available: no app has this client_id.")?;
    let text = scene.param("redirect_uri").ok_or("The parameter redirect_uri is required.")?;
    let redirect_uri = Url::parse(text).ok().filter(Url::has_host);
    let redirect_uri = redirect_uri.ok_or("redirect_uri isn't an absolute URI. Check RFC 3986.")?;
    if !app.redirect_uris.is_empty() && !app.redirect_uris.iter().any(|allowed| allowed == text) {
        return Err(
            "URL Blocked: This redirect failed because the redirect URI is not white-listed in the app's \
                    client OAuth settings."
                .to_owned(),
        );
    }
    if scene.param("response_type").is_some_and(|kind| !kind.split([' ', ',']).any(|part| part == "code")) {
        return Err("The sandbox answers response_type=code only.".to_owned());
    }
    // A configuration of Facebook Login for Business stands for its permissions; here for all of them.
    let everything = scopes::KNOWN.join(",");
    let configured = scene.param("config_id").map(|_| everything.as_str());
    let scopes = wanted_scopes(scene.param("scope").or(configured).unwrap_or_default())?;
    Ok(Ask {
        app: app_id,
        app_name: app.name.clone(),
        redirect_uri,
        redirect_text: text.to_owned(),
        state: scene.param("state").map(str::to_owned),
        scopes,
        rerequest: scene.param("auth_type").is_some_and(|kind| kind.contains("rerequest")),
        return_scopes: scene.call.params.flag("return_scopes").unwrap_or(false),
    })
}

fn wanted_scopes(text: &str) -> Result<Vec<String>, String> {
    let mut wanted = vec!["public_profile".to_owned()];
    for scope in text.split([',', ' ']).filter(|scope| !scope.is_empty()) {
        if !scopes::known(scope) {
            return Err(format!("Invalid Scopes: {scope}. This message is only shown to developers."));
        }
        if !wanted.iter().any(|have| have == scope) {
            wanted.push(scope.to_owned());
        }
    }
    Ok(wanted)
}

/// Permissions the dialog offers: those declined before only come back with `auth_type=rerequest`.
pub(crate) fn offered(world: &World, ask: &Ask, person: Id) -> Vec<String> {
    let declined = |scope: &String| !ask.rerequest && !world.still_granted(ask.app, person, scope);
    ask.scopes.iter().filter(|scope| !declined(scope)).cloned().collect()
}

fn answer(scene: &mut Scene, ask: &Ask) -> Answer {
    let person: Id = scene.param("person").and_then(|id| id.parse().ok()).unwrap_or(0);
    if !scene.world.people.contains_key(&person) {
        let page = dialog_page::refusal("Nobody with this id can log in. Send the field person.");
        return Answer::Html(StatusCode::BAD_REQUEST, page);
    }
    let mut to = ask.redirect_uri.clone();
    if scene.param("decision").is_some_and(|word| word != "continue") {
        to.query_pairs_mut()
            .append_pair("error_reason", "user_denied")
            .append_pair("error", "access_denied")
            .append_pair("error_description", "Permissions error.");
    } else {
        let code = grant(scene, ask, person);
        to.query_pairs_mut().append_pair("code", &code);
        if ask.return_scopes {
            append_scopes(scene.world, ask, person, &mut to);
        }
    }
    if let Some(state) = &ask.state {
        to.query_pairs_mut().append_pair("state", state);
    }
    Answer::Redirect(to.to_string())
}

/// Records what the person allows and makes a code. A program that sends no `chosen` field allows everything.
fn grant(scene: &mut Scene, ask: &Ask, person: Id) -> String {
    let choosy = scene.param("chosen").is_some();
    let ticked = |name: &str| -> Vec<String> { scene.call.params.all(name).map(str::to_owned).collect() };
    let (permissions, pages) = (ticked("permission"), ticked("page"));
    let offered = offered(scene.world, ask, person);
    let allowed = |scope: &String| {
        scope == "public_profile" || (!choosy && permissions.is_empty()) || permissions.contains(scope)
    };
    let grant = scene.world.grants.entry((ask.app, person)).or_default();
    for scope in &offered {
        grant.permissions.insert(scope.clone(), allowed(scope));
    }
    let scopes = grant.permissions.iter().filter(|(_, granted)| **granted).map(|(scope, _)| scope.clone());
    let code = Code {
        app: ask.app,
        person,
        redirect_uri: ask.redirect_text.clone(),
        scopes: scopes.collect(),
        pages: (choosy || !pages.is_empty()).then(|| pages.iter().filter_map(|id| id.parse().ok()).collect()),
        issued_ms: scene.now,
        used: false,
    };
    let text = format!("AQ{}", random_text());
    scene.world.codes.insert(text.clone(), code);
    text
}

fn append_scopes(world: &World, ask: &Ask, person: Id, to: &mut Url) {
    let (granted, denied): (Vec<&String>, Vec<&String>) =
        ask.scopes.iter().partition(|scope| world.still_granted(ask.app, person, scope));
    let join = |scopes: Vec<&String>| scopes.into_iter().cloned().collect::<Vec<_>>().join(",");
    to.query_pairs_mut()
        .append_pair("granted_scopes", &join(granted))
        .append_pair("denied_scopes", &join(denied));
}
