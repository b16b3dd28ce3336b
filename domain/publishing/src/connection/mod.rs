//! Connections and channels: how a person's grant is obtained, kept, checked and given up.
//!
//! A login takes five steps, each by whoever may take it: a caller *begins*, the person's browser comes *back* from the
//! platform, the person *confirms* who is to have the channels, the same caller *completes* with the code that browser was
//! given, and *chooses* channels. Until that choice everything the grant reaches is kept sealed, to be used within
//! [`SELECTION_LASTS`] and destroyed within fifteen minutes; what is not chosen is destroyed with its key.

mod attempt;
mod channel;
mod code;
mod come_back;
mod confirm;
mod connect;
mod consent;
mod disconnect;
mod error;
mod failure;
mod health;
mod pending;
mod provider;
mod read;
mod refresh;
mod return_url;
mod select;
mod standing;
mod store;
mod stored;

use std::{collections::BTreeMap, sync::Arc};

use tenancy::{
    Caller, Clock, Scope, WorkspaceId,
    id::{StaticType, TypeSafeId},
    random::{Random, new_id},
    sealing::Vault,
};
use url::Url;

pub use self::{
    attempt::{Attempt, Beginner, Stage},
    channel::{Channel, ChannelState, missing_scopes},
    code::{CodeHash, OneTimeCode},
    come_back::{Back, CameBack, Onward, Place, Question, SELECTION_LASTS},
    connect::{Begin, Begun},
    consent::{Consent, IpClass},
    disconnect::CourtesyRevoke,
    error::{ConnectionError, Stale, Violation},
    failure::Failure,
    health::{Health, Problem, Severity, health},
    pending::Offer,
    provider::{Provider, UnknownProvider},
    read::{ChannelFilter, ConnectionFilter, ConnectionView},
    refresh::{CHECK_EVERY, Checked},
    select::Pick,
    standing::{Connection, ConnectionState, RemoteRevoke, Standing},
    store::{ChannelStore, CheckStore, ConnectionStore, SweepStore},
    stored::{
        CheckResult, ChosenChannel, Confirmed, Declined, Gate, KnownChannel, NewAttempt, NewConnection,
        PendingSelection, Renewal, Returned, SealedGrant, SealedSelection, SealedToken, Selection, Severed,
        StoredGrant,
    },
};
use crate::authorizer::Authorizer;

/// What a deployment decides about connections.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// This deployment's callback, as registered with the platforms.
    pub callback: Url,
    /// Origins every caller may be sent back to, such as `https://app.example`.
    pub return_origins: Vec<String>,
    /// The version of the privacy notice in force, kept with each consent.
    pub policy_version: String,
}

/// The use cases of this topic with the ports they need.
#[derive(Clone)]
pub struct Connections {
    /// Logins and connections.
    pub store: Arc<dyn ConnectionStore>,
    /// Channels.
    pub channels: Arc<dyn ChannelStore>,
    /// Checks of tokens.
    pub checks: Arc<dyn CheckStore>,
    /// Seals tokens.
    pub vault: Arc<dyn Vault>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws codes and ids.
    pub random: Arc<dyn Random>,
    /// The login of each provider this deployment is configured for.
    pub authorizers: BTreeMap<Provider, Arc<dyn Authorizer>>,
    /// What the deployment decided.
    pub settings: ConnectionSettings,
}

impl Connections {
    fn new_id<T: StaticType>(&self) -> TypeSafeId<T> {
        new_id(self.random.as_ref(), self.clock.now())
    }

    fn authorizer(&self, provider: Provider) -> Result<&dyn Authorizer, ConnectionError> {
        let found = self.authorizers.get(&provider).map(AsRef::as_ref);
        let missing = || {
            Violation::new(
                "/provider",
                "provider_not_configured",
                "This deployment is not configured for this provider.",
            )
        };
        found.ok_or_else(|| missing().into())
    }
}

/// Checks a scope and, where the row's workspace is out of reach, says that the row does not exist.
fn admit(caller: &Caller, scope: Scope, workspace: WorkspaceId) -> Result<(), ConnectionError> {
    caller.may(scope)?;
    if caller.reaches(workspace) { Ok(()) } else { Err(ConnectionError::NotFound) }
}
