//! Signing in and out. Tokens travel in bodies; there are no cookies.

use poem_openapi::{Object, OpenApi, param::Path};
use tenancy::{Sessions, id, session};

use super::Chapter;
use crate::{
    answer::{Created, Done, Found},
    problem::Answer,
    request::{Device, Member, Page},
    strict::StrictJson,
    value::{Id, Instant, Mail, Personal, Secret},
};

/// Who signs in.
#[derive(Object)]
struct Credentials {
    /// The mail address.
    mail: Mail,
    /// The password.
    password: Secret,
    /// The organization to work in; without it the one the person joined first.
    organization: Option<Id<id::Organization>>,
}

/// The next tokens, please.
#[derive(Object)]
struct Refresh {
    /// The refresh token of the last answer. It is good for one use; a second use ends the session.
    refresh_token: Secret,
}

/// The tokens of a session.
#[derive(Object)]
struct Tokens {
    /// The session.
    id: Id<id::Session>,
    /// The person.
    person: Id<id::Person>,
    /// The organization the session works in.
    organization: Id<id::Organization>,
    /// What the person may do there: `owner` or `member`.
    role: String,
    /// Always `Bearer`.
    token_type: String,
    /// Send this as `Authorization: Bearer`.
    access_token: Secret,
    /// When the access token expires.
    expires_at: Instant,
    /// Exchange this for the next tokens at `POST /v1/sessions/refresh`.
    refresh_token: Secret,
    /// When the refresh token expires.
    refresh_expires_at: Instant,
}

impl From<session::Tokens> for Tokens {
    fn from(tokens: session::Tokens) -> Self {
        Self {
            id: tokens.session.into(),
            person: tokens.person.into(),
            organization: tokens.organization.into(),
            role: tokens.role.as_str().to_owned(),
            token_type: "Bearer".to_owned(),
            access_token: tokens.access.into(),
            expires_at: tokens.access_expires_at.into(),
            refresh_token: tokens.refresh.into(),
            refresh_expires_at: tokens.refresh_expires_at.into(),
        }
    }
}

/// A session as its owner sees it.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Session {
    /// The session.
    id: Id<id::Session>,
    /// Whether this request came with it.
    current: bool,
    /// When it began.
    created_at: Instant,
    /// When it was last refreshed.
    last_used_at: Instant,
    /// When it ends if nobody refreshes it.
    expires_at: Instant,
    /// What the client called itself.
    user_agent: Option<Personal>,
    /// Where it signed in from.
    address: Option<Personal>,
}

impl From<(session::SessionView, bool)> for Session {
    fn from((session, current): (session::SessionView, bool)) -> Self {
        Self {
            id: session.id.into(),
            current,
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            user_agent: session.user_agent.map(Into::into),
            address: session.address.map(Into::into),
        }
    }
}

/// Sessions.
pub struct SessionsResource {
    /// The use cases.
    pub sessions: Sessions,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Accounts")]
impl SessionsResource {
    /// Sign in
    ///
    /// A wrong password and an unknown address get the same answer in the same time. After several failures the answer is 429.
    #[oai(path = "/sessions", method = "post", operation_id = "signIn")]
    async fn sign_in(&self, device: Device, body: StrictJson<Credentials>) -> Answer<Created<Tokens>> {
        let StrictJson(body) = body;
        let organization = body.organization.map(|id| id.0);
        let request = session::SignIn { mail: body.mail.0, password: body.password.0, organization };
        let tokens = self.sessions.sign_in(request, &device.0).await?;
        Ok(Created::at(format!("/v1/sessions/{}", tokens.session), tokens.into()).shown_once())
    }

    /// Exchange a refresh token
    ///
    /// Each refresh token is good for one use. Whoever uses one again ends the session for everybody who has it.
    #[oai(path = "/sessions/refresh", method = "post", operation_id = "refreshSession")]
    async fn refresh(&self, body: StrictJson<Refresh>) -> Answer<Found<Tokens>> {
        use secrecy::ExposeSecret;
        let tokens = self.sessions.refresh(body.0.refresh_token.0.expose_secret()).await?;
        Ok(Found::plain(tokens.into()))
    }

    /// List your sessions
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list(&self, member: Member) -> Answer<Found<Page<Session>>> {
        let sessions = self.sessions.list(member.person).await?;
        let data = sessions.into_iter().map(|one| {
            let current = one.id == member.session;
            (one, current).into()
        });
        Ok(Found::plain(Page { data: data.collect(), next_cursor: None }))
    }

    /// Sign out
    #[oai(path = "/sessions/current", method = "delete", operation_id = "signOut")]
    async fn sign_out(&self, member: Member) -> Answer<Done> {
        self.sessions.sign_out(member.person, member.session).await?;
        Ok(Done)
    }

    /// End one of your sessions
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end(&self, member: Member, id: Path<Id<id::Session>>) -> Answer<Done> {
        self.sessions.revoke(member.person, id.0.0).await?;
        Ok(Done)
    }
}
