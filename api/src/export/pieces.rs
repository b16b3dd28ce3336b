//! Batches of the store as pieces of a body. The next batch is read while the one before is being sent; when it cannot be read,
//! the body breaks off, which the client sees: it has no end.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use poem::Body;
use publishing::{
    calendar::{Calendar, Entry, Selection, Unwritten},
    post::{PostError, PostView},
};

/// A body of entries. The first batch is read before there is a body, so that an answer that cannot be given at all is a problem.
pub(crate) async fn entries(
    calendar: &Calendar,
    selection: Selection,
    head: String,
    write: fn(&[Entry]) -> String,
    tail: &'static str,
) -> Result<Body, PostError> {
    let mut unwritten = Unwritten::default();
    let first = calendar.entries(&selection, &mut unwritten).await?;
    let calendar = calendar.clone();
    let rest = stream::try_unfold((first, unwritten), move |(batch, mut unwritten)| {
        let (calendar, selection) = (calendar.clone(), selection.clone());
        async move {
            if batch.is_empty() {
                return Ok(None);
            }
            let next = calendar.entries(&selection, &mut unwritten).await?;
            Ok::<_, PostError>(Some((write(&batch), (next, unwritten))))
        }
    });
    Ok(body(head, rest, tail))
}

/// A body of posts.
pub(crate) async fn posts(
    calendar: &Calendar,
    selection: Selection,
    head: String,
    write: fn(&[PostView]) -> String,
) -> Result<Body, PostError> {
    let first = calendar.posts(&selection, None).await?;
    let calendar = calendar.clone();
    let rest = stream::try_unfold(first, move |batch| {
        let (calendar, selection) = (calendar.clone(), selection.clone());
        async move {
            let Some(last) = batch.last().map(|view| view.post.id) else { return Ok(None) };
            Ok::<_, PostError>(Some((write(&batch), calendar.posts(&selection, Some(last)).await?)))
        }
    });
    Ok(body(head, rest, ""))
}

fn body(
    head: String,
    batches: impl Stream<Item = Result<String, PostError>> + Send + 'static,
    tail: &'static str,
) -> Body {
    let before = stream::iter([Ok(head)]);
    let after = stream::iter([Ok(tail.to_owned())]);
    let pieces = before.chain(batches).chain(after).try_filter(|piece| {
        let has_something = !piece.is_empty();
        async move { has_something }
    });
    Body::from_bytes_stream(pieces.map_ok(Bytes::from).map_err(io::Error::other))
}
