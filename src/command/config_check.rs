//! `config check`.

use std::process::ExitCode;

use crate::config;

/// Prints every setting; fails if something is wrong.
pub(super) fn run() -> ExitCode {
    let checked = config::check(std::env::vars_os());
    println!("{}", checked.report);
    match checked.outcome {
        Ok(_) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::FAILURE
        }
    }
}
