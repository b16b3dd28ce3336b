//! Logs: one line per event on standard error, as text for people or as JSON for machines.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Log, LogFormat};

/// Workers come and go by the hundred: their library tells of each. Stands first, so that a filter of the operator's can
/// still ask for it.
const QUIET: &str = "apalis_core=warn";

/// Starts logging. A second call in one process changes nothing.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.filter));
    let registry = tracing_subscriber::registry().with(filter.unwrap_or_else(|_| EnvFilter::new("info")));
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

/// A panic message may quote what was being worked on; the log gets the place only.
fn redact_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
}
