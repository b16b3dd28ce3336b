//! A body that can be taken back as long as nobody asked for it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The form waits to be asked for.
const WAITS: u8 = 0;
/// A connection took it to write it.
const HANDED_OVER: u8 = 1;
/// It was taken back: no connection gets it any more.
const WITHDRAWN: u8 = 2;

/// Decides, once, whether a form leaves our hands or is withdrawn.
#[derive(Default)]
struct Fate(AtomicU8);

impl Fate {
    /// The fate if it was open until now, or else what it is already.
    fn decide(&self, fate: u8) -> u8 {
        let before = self.0.compare_exchange(WAITS, fate, Ordering::AcqRel, Ordering::Acquire);
        before.map_or_else(|earlier| earlier, |_| fate)
    }
}

/// Our end of a form that was given to a client. A client may keep a request that has timed out and write it later, when its turn on the
/// connection comes; so whoever gives up withdraws the form, here or by dropping this.
pub(super) struct Hold(Arc<Fate>);

impl Hold {
    /// Whether the form is withdrawn, and will not leave our hands any more. The call was not executed then and will not be,
    /// whatever else was written of it.
    pub(super) fn withdraw(&self) -> bool {
        self.0.decide(WITHDRAWN) == WITHDRAWN
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// The form was withdrawn before the connection asked for it.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the form was withdrawn")]
pub(super) struct Withdrawn;

/// A form in one piece.
pub(super) struct Form {
    bytes: Option<Bytes>,
    fate: Arc<Fate>,
}

impl Form {
    /// The body, and our hold on it.
    pub(super) fn new(text: String) -> (Self, Hold) {
        let fate = Arc::<Fate>::default();
        (Self { bytes: Some(text.into()), fate: Arc::clone(&fate) }, Hold(fate))
    }
}

impl Body for Form {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        Poll::Ready(match self.fate.decide(HANDED_OVER) {
            HANDED_OVER => self.bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            _ => Some(Err(Withdrawn)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn ask(form: &mut Form) -> Option<Result<Bytes, Withdrawn>> {
        match Pin::new(form).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())),
            Poll::Pending => panic!("a form is always there"),
        }
    }

    #[test]
    fn what_was_handed_over_cannot_be_withdrawn() {
        let (mut form, hold) = Form::new("a=b".to_owned());
        assert_eq!(ask(&mut form), Some(Ok(Bytes::from_static(b"a=b"))));
        assert!(!hold.withdraw());
        assert_eq!(ask(&mut form), None);
    }

    #[test]
    fn what_was_withdrawn_is_never_handed_over() {
        let (mut form, hold) = Form::new("a=b".to_owned());
        assert!(hold.withdraw() && hold.withdraw());
        assert_eq!(ask(&mut form), Some(Err(Withdrawn)));
        let (mut form, hold) = Form::new("a=b".to_owned());
        drop(hold);
        assert_eq!(ask(&mut form), Some(Err(Withdrawn)), "whoever is gone does not want it sent either");
    }

    #[test]
    fn of_two_threads_exactly_one_decides() {
        for _ in 0..2_000 {
            let (mut form, hold) = Form::new("a=b".to_owned());
            let asking = std::thread::spawn(move || ask(&mut form).unwrap().is_ok());
            let withdrawn = hold.withdraw();
            assert_ne!(asking.join().unwrap(), withdrawn);
        }
    }
}
