//! What happened, in order, for those who wait for it and those who look back.

use std::{fmt::Debug, sync::Mutex, time::Duration};

use tokio::sync::watch;

/// Far longer than anything here takes; only a test that has failed waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Events in order.
pub(crate) struct History<E> {
    events: Mutex<Vec<E>>,
    count: watch::Sender<usize>,
}

impl<E> Default for History<E> {
    fn default() -> Self {
        Self { events: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl<E: Clone + Debug> History<E> {
    pub(crate) fn add(&self, event: E) {
        self.events.lock().unwrap().push(event);
        self.count.send_modify(|count| *count += 1);
    }

    pub(crate) fn events(&self) -> Vec<E> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, which: impl Fn(&E) -> bool) -> usize {
        self.events.lock().unwrap().iter().filter(|event| which(event)).count()
    }

    /// Waits until the events satisfy this.
    pub(crate) async fn until(&self, what: &str, enough: impl Fn(&[E]) -> bool) {
        let mut changes = self.count.subscribe();
        let wait = async {
            while !enough(&self.events()) {
                changes.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "waited in vain until {what}: {:#?}", self.events());
    }
}
