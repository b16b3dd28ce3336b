//! `config check`.

use std::process::ExitCode;

use super::Failure;
use crate::config;

/// Prints every setting; fails if something is wrong.
pub(super) fn run() -> Result<ExitCode, Failure> {
    let checked = config::check(std::env::vars_os());
    super::print(&checked.report)?;
    match checked.outcome {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(refused) => {
            eprintln!("{refused}");
            Ok(ExitCode::FAILURE)
        }
    }
}
