//! Waiting for something to become true, and failing loudly when it does not.

use std::{fmt::Debug, time::Duration};

use tokio::time::Instant;

/// How long a machine under load may take for what should take moments.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is acceptable, and returns it.
pub(crate) async fn until<T: Debug>(what: &str, ask: impl AsyncFn() -> T, accept: impl Fn(&T) -> bool) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = ask().await;
        if accept(&answer) {
            return answer;
        }
        assert!(Instant::now() < end, "still not {what}: {answer:#?}");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}
