//! Meta: Facebook Pages and Instagram professional accounts over the Graph API.
//!
//! [`Meta`] implements both ports of publishing: [`publishing::publisher::Publisher`] (prepare, check, publish, look) and
//! [`publishing::authorizer::Authorizer`] (the login). Every request is made once; what its answer means is one table,
//! `error.rs`. Nothing here logs a body, a URL or a token.
//!
//! The process must have installed a rustls crypto provider before [`Meta::new`] is called.
#![forbid(unsafe_code)]

mod accounts;
mod call;
mod client;
mod decode;
mod error;
mod evidence;
mod failure;
mod inspection;
mod instagram;
mod login;
mod names;
mod page;
mod pause;
mod publisher;
mod settings;
mod usage;

use std::sync::Arc;

use tenancy::Clock;

pub use settings::{HttpVersion, Settings, SettingsError};

/// Meta's platforms. Cheap to share: one set of connections, one table of pauses and one of quotas for the whole process.
pub struct Meta {
    graph: Arc<client::Graph>,
    quotas: instagram::Quotas,
    settings: Settings,
    clock: Arc<dyn Clock>,
}

impl Meta {
    /// Builds the client. The clock dates what is prepared, because Meta drops it after a day.
    ///
    /// # Panics
    /// Where the process has not installed a rustls crypto provider.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        Ok(Self {
            graph: Arc::new(client::Graph::new(&settings)?),
            quotas: instagram::Quotas::default(),
            settings,
            clock,
        })
    }
}
