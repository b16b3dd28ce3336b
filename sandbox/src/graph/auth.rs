//! Who calls, and what that caller may do.

use super::error::{
    GraphError, app_may_not, bad_proof, dead_token, may_not_post, may_not_read, no_such_object,
};
use super::scene::Scene;
use crate::world::page::Task;
use crate::world::token::{Holder, Token, appsecret_proof};
use crate::world::{Id, World};

/// The caller of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) app: Id,
    pub(crate) token: u64,
    pub(crate) holder: Holder,
}

/// Who may read with an app token: `{app}|{secret}`.
pub(crate) fn app_of_token(world: &World, text: &str) -> Option<Id> {
    let (id, secret) = text.split_once('|')?;
    let id = id.parse().ok()?;
    world.apps.get(&id).filter(|app| app.secret == secret).map(|_| id)
}

impl Scene<'_> {
    /// The caller, or what is wrong with the token.
    pub(crate) fn actor(&self) -> Result<Actor, GraphError> {
        let token = self.token()?;
        self.check_proof(token)?;
        alive(self.world, token, self.now)?;
        Ok(Actor { app: token.app, token: token.number, holder: token.holder })
    }

    fn text(&self) -> Result<&str, GraphError> {
        let about_me = self.call.path.first().is_some_and(|first| first == "me");
        self.call.token.as_deref().ok_or_else(|| {
            if about_me {
                return GraphError::new(
                    2500,
                    "An active access token must be used to query information about the current user.",
                );
            }
            GraphError::new(104, "An access token is required to request this resource.")
        })
    }

    fn token(&self) -> Result<&Token, GraphError> {
        let text = self.text()?;
        self.world.tokens.get(text).ok_or_else(|| {
            if app_of_token(self.world, text).is_some() {
                return GraphError::new(
                    190,
                    "A user or Page access token is required to request this resource.",
                );
            }
            GraphError::new(190, "Invalid OAuth access token - Cannot parse access token")
        })
    }

    fn check_proof(&self, token: &Token) -> Result<(), GraphError> {
        let Some(app) = self.world.apps.get(&token.app) else { return Ok(()) };
        let Some(sent) = self.param("appsecret_proof") else {
            if app.require_proof {
                return Err(GraphError::method(
                    100,
                    "API calls from the server require an appsecret_proof argument",
                ));
            }
            return Ok(());
        };
        let text = self.call.token.as_deref().unwrap_or_default();
        let expected = token.proof.get_or_init(|| appsecret_proof(&app.secret, text));
        if sent == expected {
            return Ok(());
        }
        Err(bad_proof())
    }

    /// Whether the token carries a permission that the person has not taken back.
    pub(crate) fn has(&self, permission: &str) -> bool {
        let Some(token) = self.call.token.as_deref().and_then(|text| self.world.tokens.get(text)) else {
            return false;
        };
        let person = token.holder.person();
        token.scopes.iter().any(|scope| scope == permission)
            && self.world.still_granted(token.app, person, permission)
    }

    /// Whether the token reaches a Page at all.
    pub(crate) fn reaches(&self, actor: Actor, page: Id) -> bool {
        let token = self.call.token.as_deref().and_then(|text| self.world.tokens.get(text));
        let role =
            self.world.pages.get(&page).is_some_and(|page| page.roles.contains_key(&actor.holder.person()));
        role && token.is_some_and(|token| token.reaches(page))
    }

    /// A caller that may publish on a Page: the Page itself, with both permissions and the task.
    pub(crate) fn publisher(&self, page: Id) -> Result<Actor, GraphError> {
        let actor = self.actor()?;
        let task = self
            .world
            .pages
            .get(&page)
            .is_some_and(|it| it.allows(actor.holder.person(), Task::CreateContent));
        let itself = actor.holder.page() == Some(page);
        if itself && task && self.has("pages_manage_posts") && self.has("pages_read_engagement") {
            return Ok(actor);
        }
        Err(may_not_post())
    }

    /// A caller that may read what a Page published.
    pub(crate) fn reader(&self, page: Id) -> Result<Actor, GraphError> {
        let actor = self.actor()?;
        if !self.reaches(actor, page) {
            return Err(no_such_object(self.call.method.as_str(), self.id()));
        }
        if self.has("pages_read_engagement") { Ok(actor) } else { Err(may_not_read()) }
    }

    /// A caller that may use a professional Instagram account with these permissions.
    pub(crate) fn instagrammer(&self, account: Id, permissions: &[&str]) -> Result<Actor, GraphError> {
        let actor = self.actor()?;
        let reachable = self.world.accounts.get(&account).filter(|it| it.kind.professional());
        let page = reachable.and_then(|it| it.page);
        if !page.is_some_and(|page| self.reaches(actor, page)) {
            return Err(no_such_object(self.call.method.as_str(), self.id()));
        }
        if permissions.iter().all(|permission| self.has(permission)) { Ok(actor) } else { Err(app_may_not()) }
    }
}

/// Checks that a token is still good.
pub(crate) fn alive(world: &World, token: &Token, now: i64) -> Result<(), GraphError> {
    let person = token.holder.person();
    let dead = |subcode| Err(dead_token(subcode, person, token.app));
    if let Some(subcode) = token.revoked {
        return dead(subcode);
    }
    if world.generation(token.app, person) != token.generation {
        return dead(458);
    }
    if token.expires_ms.is_some_and(|at| at <= now) {
        return dead(463);
    }
    if let Holder::Page { page, .. } = token.holder {
        let role = world.pages.get(&page).is_some_and(|page| page.roles.contains_key(&person));
        if !role {
            return dead(492);
        }
    }
    Ok(())
}
