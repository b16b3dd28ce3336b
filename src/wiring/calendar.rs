//! Calendars and feeds.

use std::sync::Arc;

use postgres::{calendar::PgCalendarStore, feeds::PgFeeds};
use publishing::{calendar::Calendar, feed::Feeds};

use super::{Parts, WireError};
use crate::config::Config;

impl Parts {
    pub(super) fn calendar(&self) -> Calendar {
        Calendar { store: Arc::new(PgCalendarStore(self.pool.clone())), clock: self.clock.clone() }
    }

    pub(super) fn feeds(&self, config: &Config) -> Result<Feeds, WireError> {
        let base = config.server.public_url.join("feeds/");
        Ok(Feeds {
            store: Arc::new(PgFeeds(self.pool.clone())),
            calendar: self.calendar(),
            random: self.random.clone(),
            clock: self.clock.clone(),
            base: base.map_err(|error| WireError::new("the public URL", error))?,
        })
    }
}
