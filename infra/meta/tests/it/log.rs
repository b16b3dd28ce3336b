//! Everything that any crate says, at every level, kept by the thread that says it: each test has a thread of its own.

use std::{
    cell::RefCell,
    io::{self, Write},
};

use tracing::level_filters::LevelFilter;

thread_local! {
    static SAID: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SAID.with_borrow_mut(|said| said.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to listen. Once for the process, and before the first call: what is first said while a listener is being
/// installed may be lost.
pub(crate) fn listen() {
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(|| Log).init();
}

/// What was said on this thread.
pub(crate) fn of_this_test() -> String {
    SAID.with_borrow(|said| String::from_utf8_lossy(said).into_owned())
}
