//! Authentication and authorization as argument types.
//!
//! A handler that wants to know who calls asks for [`Access`] with the permission it needs, or for [`Member`] when only a
//! person who signed in will do. Both put themselves into the document, and [`super::guard`] enforces what the document says
//! before anything else of the request is read. A handler without either is open; a test compares those with a short list.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use async_trait::async_trait;
use poem::{Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use secrecy::{ExposeSecret, SecretString};
use tenancy::{
    Actor, ApiKeys, Authenticated, Authenticator, Caller, PersonId, Refusal, Scope, SessionId,
    api_key::Origin,
};

use super::Context;
use crate::problem::{Code, Problem};

/// Resolves bearer tokens: access tokens of sessions and API keys.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// Who the token stands for. A revoked token stands for nobody within a second.
    async fn authenticate(&self, token: &SecretString) -> Result<Authenticated, Refusal>;

    /// Whether any API key allows the origin. Preflight requests carry no token, so nobody can tell whose they are.
    async fn knows_origin(&self, origin: &str) -> bool;
}

/// Resolves tokens with the use cases of [`tenancy`].
#[derive(Clone)]
pub struct Tokens {
    /// Tells who calls.
    pub authenticator: Authenticator,
    /// Knows the origins of keys.
    pub api_keys: ApiKeys,
}

#[async_trait]
impl Authenticate for Tokens {
    async fn authenticate(&self, token: &SecretString) -> Result<Authenticated, Refusal> {
        self.authenticator.authenticate(token.expose_secret()).await
    }

    async fn knows_origin(&self, origin: &str) -> bool {
        match Origin::parse(origin) {
            Ok(known) if known.as_str() == origin => {
                self.api_keys.knows_origin(&known).await.unwrap_or(false)
            }
            _ => false,
        }
    }
}

/// What a handler needs its caller to have.
pub trait Permission: Send + Sync + 'static {
    /// The scope; `None` when any caller will do.
    const SCOPE: Option<Scope>;
    /// The security requirements of the document, one per kind of token, as `scheme#scope`.
    const SECURITY: [&'static str; 2];
}

/// Declares one type per scope.
macro_rules! declare {
    ($($name:ident $text:literal $scope:ident;)*) => {
        /// The permissions, one type each.
        pub mod permissions {
            use super::{Permission, Scope};
            $(
                #[doc = concat!("Needs the scope `", $text, "`.")]
                pub struct $name;

                impl Permission for $name {
                    const SCOPE: Option<Scope> = Some(Scope::$scope);
                    const SECURITY: [&'static str; 2] = [concat!("session#", $text), concat!("api_key#", $text)];
                }
            )*

            /// Any caller will do.
            pub struct Anyone;

            impl Permission for Anyone {
                const SCOPE: Option<Scope> = None;
                const SECURITY: [&'static str; 2] = ["session#", "api_key#"];
            }

            #[cfg(test)]
            pub(super) const DECLARED: &[(&str, Option<Scope>)] = &[$(($text, $name::SCOPE)),*];
        }
    };
}

declare! {
    ReadOrganization "organization:read" OrganizationRead;
    WriteOrganization "organization:write" OrganizationWrite;
    ReadKeys "keys:read" KeysRead;
    WriteKeys "keys:write" KeysWrite;
    ReadChannels "channels:read" ChannelsRead;
    WriteChannels "channels:write" ChannelsWrite;
    ReadMedia "media:read" MediaRead;
    WriteMedia "media:write" MediaWrite;
    ReadPosts "posts:read" PostsRead;
    WritePosts "posts:write" PostsWrite;
    PublishPosts "posts:publish" PostsPublish;
}

/// The caller, who has the permission `P`.
pub struct Access<P> {
    caller: Arc<Caller>,
    permission: PhantomData<P>,
}

impl<P> Deref for Access<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<'a, P: Permission> ApiExtractor<'a> for Access<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        P::SECURITY.to_vec()
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let caller = identified(request)?;
        // The guard has checked this already, from the document; the type does not depend on it.
        P::SCOPE.map_or(Ok(()), |scope| allow(&caller, scope))?;
        Ok(Self { caller, permission: PhantomData })
    }
}

/// A person who signed in. API keys are refused.
pub struct Member {
    /// The caller.
    pub caller: Arc<Caller>,
    /// The person.
    pub person: PersonId,
    /// The session the request came with.
    pub session: SessionId,
}

impl<'a> ApiExtractor<'a> for Member {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec!["session#"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let caller = identified(request)?;
        match caller.actor {
            Actor::Member { person, session, .. } => Ok(Self { caller, person, session }),
            Actor::ApiKey { .. } => Err(Problem::of(Code::SessionRequired).into()),
        }
    }
}

/// Refuses a caller that lacks the scope, and names it.
pub(super) fn allow(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    caller.may(scope).map_err(|denied| {
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scope}""#);
        Problem::new(Code::ScopeMissing, format!("{denied}."))
            .header(poem::http::header::WWW_AUTHENTICATE, &challenge)
    })
}

fn identified(request: &Request) -> Result<Arc<Caller>, Problem> {
    Context::of(request)?.caller().cloned().ok_or_else(|| Problem::of(Code::AuthenticationRequired))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_documents_the_scope_it_checks_and_every_scope_has_one() {
        for (text, scope) in permissions::DECLARED {
            assert_eq!(scope.map(Scope::as_str), Some(*text));
        }
        assert_eq!(permissions::DECLARED.len(), Scope::ALL.len());
    }
}
