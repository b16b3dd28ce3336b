//! What a person granted: `GET` and `DELETE /me/permissions`.

use serde_json::{Value, json};

use crate::graph::answer::{Answer, Outcome, success};
use crate::graph::error::{GraphError, no_such_object};
use crate::graph::scene::Scene;
use crate::switches::RevokeBody;
use crate::world::Id;

/// The person in the path, who must be the caller.
fn person(scene: &Scene) -> Result<(Id, Id), GraphError> {
    let actor = scene.actor()?;
    let person = actor.holder.person();
    if scene.id() == person && actor.holder.page().is_none() {
        return Ok((actor.app, person));
    }
    Err(no_such_object(scene.call.method.as_str(), scene.id()))
}

/// Lists permissions, granted and declined.
pub(crate) fn list(scene: &mut Scene) -> Outcome {
    let (app, person) = person(scene)?;
    let token = scene.call.token.as_deref().and_then(|text| scene.world.tokens.get(text));
    let grant = scene.world.grants.get(&(app, person));
    let mut rows: Vec<(&str, bool)> = grant
        .map(|grant| grant.permissions.iter().map(|(scope, granted)| (scope.as_str(), *granted)).collect())
        .unwrap_or_default();
    // Tokens that were made without the dialog carry permissions that no grant knows.
    for scope in token.map(|token| token.scopes.as_slice()).unwrap_or_default() {
        if !rows.iter().any(|(name, _)| name == scope) {
            rows.push((scope, true));
        }
    }
    let row = |(scope, granted): (&str, bool)| json!({ "permission": scope, "status": if granted { "granted" } else { "declined" } });
    let data: Vec<Value> = rows.into_iter().map(row).collect();
    Ok(Answer::Json(json!({ "data": data })))
}

/// Takes one permission back, or everything: then all tokens of this person for this app are dead.
pub(crate) fn revoke(scene: &mut Scene) -> Outcome {
    let (app, person) = person(scene)?;
    let one = scene.call.path.get(2).cloned();
    let grant = scene.world.grants.entry((app, person)).or_default();
    if let Some(permission) = one.or_else(|| scene.call.params.get("permission").map(str::to_owned)) {
        grant.permissions.insert(permission, false);
    } else {
        grant.permissions.clear();
        grant.generation += 1;
    }
    match scene.switches.revoke_body {
        RevokeBody::Object => Ok(success()),
        RevokeBody::True => Ok(Answer::Json(json!(true))),
    }
}
