//! The demo: the main job end to end, on this machine alone.

use std::process::ExitCode;

/// Shows the main job.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Ends after publication: with 0 if it went well.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
        let _ = self.once;
        Ok(ExitCode::SUCCESS)
    }
}
