//! A body that knows whether anybody asked for it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Whether a form left our hands. As long as it did not, the call cannot have been executed, whatever else was written: it waited for a
/// connection or for its turn on one.
#[derive(Clone, Default)]
pub(super) struct Handed(Arc<AtomicBool>);

impl Handed {
    /// True from the moment at which the connection took the form to write it.
    pub(super) fn over(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A form in one piece.
pub(super) struct Form {
    bytes: Option<Bytes>,
    handed: Handed,
}

impl Form {
    /// The body, and the witness of its way.
    pub(super) fn new(text: String) -> (Self, Handed) {
        let handed = Handed::default();
        (Self { bytes: Some(text.into()), handed: handed.clone() }, handed)
    }
}

impl Body for Form {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.handed.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
