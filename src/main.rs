//! The one binary: `postern demo`, `serve`, `work`, `sandbox`, `migrate`, `tzdata-diff`, `openapi`, `keys`, `config`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // One crypto provider for the whole process, before anything can make a client. An error means that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    postern::command::Cli::parse().run()
}
