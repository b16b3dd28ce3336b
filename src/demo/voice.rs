//! What the person in front of the terminal reads: one line per step, and a sign of life while a step takes time.

use std::{
    io::Write,
    time::{Duration, Instant},
};

/// How long a step stays silent.
const SILENCE: Duration = Duration::from_millis(1_500);

/// Speaks on standard output, with the seconds since the start before each line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    began: Instant,
}

impl Voice {
    /// Begins to count the seconds.
    pub(super) fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// One line about a step.
    pub(super) fn say(self, line: &str) {
        self.print(&format!("{:>6.1} s  {line}", self.began.elapsed().as_secs_f64()));
    }

    /// Text as it is. Nobody may be listening any more (`postern demo | head`); the demo goes on all the same.
    #[expect(clippy::unused_self, reason = "whoever speaks has a voice")]
    pub(super) fn print(self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// Says what is done, does it, and says that it is still going on for as long as it is.
    pub(super) async fn during<T>(self, what: &str, work: impl Future<Output = T>) -> T {
        self.say(what);
        let mut beats = tokio::time::interval_at(tokio::time::Instant::now() + SILENCE, SILENCE);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = beats.tick() => self.say("… still at it"),
            }
        }
    }
}
