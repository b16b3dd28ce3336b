//! Logs: one line per event on standard error, as text for people or as JSON for machines.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{
    EnvFilter, filter::LevelFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{Log, LogFormat};

/// Workers come and go by the hundred: their library tells of each. Stands first, so that a filter of the operator's can
/// still ask for it.
const QUIET: &str = "apalis_core=warn";

/// Starts logging. A second call in one process changes nothing.
pub(crate) fn start(log: &Log) {
    let registry = tracing_subscriber::registry().with(filter(&log.filter));
    let layer = fmt::layer().with_writer(stderr);
    let started = match log.format {
        // Colours are for people's eyes: in a file or a pipe they are noise.
        LogFormat::Text => registry.with(layer.with_ansi(stderr().is_terminal())).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    // Where somebody logs already, such as a test that starts many runtimes in one process, panics are theirs to tell too.
    if started.is_ok() {
        redact_panics();
    }
}

/// What the operator asks for; the configuration refused what is no filter.
fn filter(wanted: &str) -> EnvFilter {
    let plain = EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new("info"));
    if plain.max_level_hint().is_some_and(|most| most <= LevelFilter::WARN) {
        return plain;
    }
    EnvFilter::try_new(format!("{QUIET},{wanted}")).unwrap_or(plain)
}

/// A panic message may quote what was being worked on; the log gets the place only.
fn redact_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled, subscriber::with_default};

    use super::*;

    #[test]
    fn the_worker_library_is_quiet_unless_somebody_asks() {
        let tells = |wanted| {
            with_default(tracing_subscriber::registry().with(filter(wanted)), || {
                [
                    enabled!(target: "postern", Level::INFO),
                    enabled!(target: "apalis_core::worker", Level::INFO),
                    enabled!(target: "apalis_core::worker", Level::WARN),
                ]
            })
        };
        assert_eq!(tells("info"), [true, false, true]);
        assert_eq!(tells("info,apalis_core=info"), [true, true, true]);
        assert_eq!(tells("error"), [false, false, false]);
    }
}
