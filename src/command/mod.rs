//! The subcommands.

mod config_check;
mod keys;
mod migrate;
mod sandbox;
mod serve;
mod tzdata_diff;

use std::{
    io::{ErrorKind, Write},
    net::SocketAddr,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::Roles;

/// A headless back end for social publishing.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the main job end to end against the sandbox, on this machine alone.
    Demo(crate::demo::Demo),
    /// Serves the API.
    Serve {
        /// Publishes too, in the same process.
        #[arg(long)]
        with_workers: bool,
    },
    /// Publishes, refreshes tokens and sweeps.
    Work,
    /// Serves the stand-in for the platforms.
    Sandbox(sandbox::Sandbox),
    /// Brings the database up to date and ends.
    Migrate,
    /// Prints which posts would move because the clocks of their zones have new rules, and moves none.
    TzdataDiff,
    /// Prints the API's document.
    Openapi {
        /// As JSON instead of YAML.
        #[arg(long)]
        json: bool,
    },
    /// The key ring.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Prints every setting with its value and where it comes from, and what is wrong with it.
    Check,
    /// Prints what every setting means, as a table in Markdown.
    Settings,
}

/// Why a command failed: one line that says what to do.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Cli {
    /// Runs the command and says how it went.
    pub fn run(self) -> ExitCode {
        match self.command.run() {
            Ok(code) => code,
            Err(error) => {
                eprintln!("postern: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Command {
    fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Config(ConfigCommand::Check) => return config_check::run(),
            Self::Config(ConfigCommand::Settings) => print(&crate::config::table_of_settings())?,
            Self::Openapi { json } => print_document(json)?,
            Self::Demo(demo) => return block_on(demo.run())?,
            Self::Serve { with_workers } => {
                block_on(serve::run(Roles { api: true, workers: with_workers }))??;
            }
            Self::Work => block_on(serve::run(Roles { api: false, workers: true }))??,
            Self::Sandbox(sandbox) => block_on(sandbox.run())??,
            Self::Migrate => block_on(migrate::run())??,
            Self::TzdataDiff => block_on(tzdata_diff::run())??,
            Self::Keys(keys) => block_on(keys.run())??,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T, std::io::Error> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future))
}

fn print_document(json: bool) -> Result<(), Failure> {
    let document = api::document();
    let text = if json { serde_json::to_string_pretty(document.json())? } else { document.yaml() };
    Ok(print(&text)?)
}

/// Prints a page. Whoever reads only its beginning, as `head` does, has read enough.
fn print(page: &str) -> std::io::Result<()> {
    match writeln!(std::io::stdout().lock(), "{}", page.trim_end()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Says where something listens, in a form that people click on and programs read.
fn at(address: SocketAddr) -> String {
    format!("http://{address}")
}
