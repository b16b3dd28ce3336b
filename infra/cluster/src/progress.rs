//! Lines for the person who waits.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// Receives one human-readable line at a time.
pub(crate) type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// How long a wait stays silent.
const SILENCE: Duration = Duration::from_secs(1);

/// Does the work and reports a line every second until it is done; the line is given the seconds passed.
pub(crate) async fn heartbeat<T>(
    progress: Progress<'_>,
    line: impl Fn(u64) -> String,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let began = Instant::now();
    let mut beats = interval_at(began + SILENCE, SILENCE);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = beats.tick() => progress(&line(began.elapsed().as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_never_silent_for_more_than_a_second() {
        let lines = Mutex::new(Vec::new());
        let work = async {
            tokio::time::sleep(Duration::from_millis(3500)).await;
            "done"
        };
        let note = |line: &str| lines.lock().unwrap().push(line.to_owned());
        assert_eq!(heartbeat(&note, |seconds| format!("{seconds} s"), work).await, "done");
        assert_eq!(*lines.lock().unwrap(), ["1 s", "2 s", "3 s"]);
    }

    #[tokio::test(start_paused = true)]
    async fn quick_work_says_nothing() {
        let silent = |line: &str| panic!("{line}");
        heartbeat(&silent, |_| String::from("said"), async {}).await;
    }
}
