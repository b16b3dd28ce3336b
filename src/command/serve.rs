//! `serve` and `work`.

use super::{Failure, at};
use crate::{Roles, Runtime};

/// Runs until it is told to stop.
pub(super) async fn run(roles: Roles) -> Result<(), Failure> {
    // A signal that comes while the database is still starting must not be lost.
    let signal = tokio::spawn(Runtime::until_signal());
    let runtime = Runtime::start(std::env::vars_os(), roles).await?;
    match runtime.api {
        Some(address) => println!("postern serves {0}/v1, its documentation is {0}/docs", at(address)),
        None => println!("postern works"),
    }
    drop(signal.await);
    println!("stopping: what is in hand is finished or handed back");
    runtime.stop().await;
    Ok(())
}
