//! Tokens without the login dialog, and their end.

use std::sync::Arc;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::reply::{Done, Refusal, Reply, done, id};
use crate::clock::SECOND;
use crate::graph::scopes;
use crate::shared::Shared;
use crate::world::roster::TokenOrder;
use crate::world::token::Holder;
use crate::world::{Id, World};

/// Makes and ends tokens.
pub(super) struct Tokens(pub(super) Arc<Shared>);

/// A token to make.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewToken {
    /// The app.
    app_id: String,
    /// The person it stands for, or on whose behalf the Page token is.
    person_id: String,
    /// Makes it a Page token.
    page_id: Option<String>,
    /// Permissions; every one the sandbox knows when absent.
    scopes: Option<Vec<String>>,
    /// Pages a user token reaches; all when absent.
    page_ids: Option<Vec<String>>,
    /// Seconds it lives; for ever when absent.
    expires_in: Option<i64>,
}

/// A token that was made.
#[derive(Object)]
struct MadeToken {
    /// Its text.
    token: String,
    /// Its number, which the ledger and the call log show in its place.
    token_id: u64,
}

/// Tokens to invalidate: one, or all of a person.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Revocation {
    /// The text of one token.
    token: Option<String>,
    /// Everything a person's tokens made possible, Page tokens included.
    person_id: Option<String>,
    /// The subcode of error 190 from now on; 460, the changed password, when absent.
    #[oai(default = "changed_password")]
    subcode: u64,
}

fn changed_password() -> u64 {
    460
}

#[OpenApi]
impl Tokens {
    /// Makes a token of any kind.
    #[oai(path = "/tokens", method = "post", operation_id = "create_token")]
    async fn create(&self, new: Json<NewToken>) -> Reply<MadeToken> {
        let now = self.0.clock.now();
        let mut world = self.0.world();
        let order = order(&world, new.0)?;
        let (token, token_id) = world.add_token(order, now);
        Ok(Json(MadeToken { token, token_id }))
    }

    /// Invalidates one token, or all of a person.
    #[oai(path = "/tokens/revoke", method = "post", operation_id = "revoke_tokens")]
    async fn revoke(&self, what: Json<Revocation>) -> Reply<Done> {
        let Revocation { token, person_id, subcode } = what.0;
        let mut world = self.0.world();
        match (token, person_id) {
            (Some(text), None) => {
                let token = world.tokens.get_mut(&text).ok_or_else(|| Refusal::unknown("such", "token"))?;
                token.revoked = Some(subcode);
            }
            (None, Some(person)) => {
                let person = id(&person)?;
                let theirs = world.tokens.values_mut().filter(|token| token.holder.person() == person);
                theirs.for_each(|token| token.revoked = Some(subcode));
            }
            _ => return Err(Refusal::invalid("give either token or person_id")),
        }
        Ok(done())
    }
}

fn order(world: &World, new: NewToken) -> Result<TokenOrder, Refusal> {
    let NewToken { app_id, person_id, page_id, scopes, page_ids, expires_in } = new;
    let (app, person) = (id(&app_id)?, id(&person_id)?);
    if !world.apps.contains_key(&app) {
        return Err(Refusal::unknown("app", app));
    }
    if !world.people.contains_key(&person) {
        return Err(Refusal::unknown("person", person));
    }
    if let Some(scope) = scopes.iter().flatten().find(|scope| !scopes::known(scope)) {
        return Err(Refusal::invalid(format!("scopes: `{scope}` is unknown")));
    }
    let known = |text: &str| page(world, text);
    let own = page_id.as_deref().map(known).transpose()?;
    let pages =
        page_ids.map(|ids| ids.iter().map(|text| known(text)).collect::<Result<_, _>>()).transpose()?;
    let holder = own.map_or(Holder::User(person), |page| Holder::Page { page, person });
    let lifetime_ms = expires_in.map(|seconds| seconds.saturating_mul(SECOND));
    Ok(TokenOrder { app, holder, text: None, scopes, pages, lifetime_ms })
}

fn page(world: &World, text: &str) -> Result<Id, Refusal> {
    let id = id(text)?;
    if world.pages.contains_key(&id) { Ok(id) } else { Err(Refusal::unknown("page", id)) }
}
