//! LISTEN, for as long as anybody reads the stream: lost connections are made again.

use std::time::Duration;

use futures::{Stream, StreamExt, stream};

use crate::{
    error::StoreError,
    pool::{Connection, connect_alone},
};

/// A reason to look for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Listening began, for the first time or again: whatever was notified before is lost, so look at everything.
    Connected,
    /// Somebody notified; this is the payload.
    Notified(String),
}

/// The first pause after a failed attempt; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Listens on a channel over a connection of its own. The stream never ends; it begins with [`Wake::Connected`] as soon as
/// the database answers. `channel` is an identifier of ours, never input.
pub fn listen(url: impl Into<String>, channel: &'static str) -> impl Stream<Item = Wake> + Send + 'static {
    let listener = Listener { url: url.into(), channel, connection: None };
    stream::unfold(listener, |mut listener| async move {
        let wake = listener.next().await;
        Some((wake, listener))
    })
}

struct Listener {
    url: String,
    channel: &'static str,
    connection: Option<Connection>,
}

impl Listener {
    async fn next(&mut self) -> Wake {
        if let Some(connection) = &mut self.connection {
            // Dropping this borrow loses nothing: notifications wait in a channel of the connection.
            let item = std::pin::pin!(connection.notifications_stream()).next().await;
            if let Some(Ok(notification)) = item {
                return Wake::Notified(notification.payload);
            }
            tracing::warn!(channel = self.channel, "listening was interrupted");
            self.connection = None;
        }
        self.connect().await
    }

    async fn connect(&mut self) -> Wake {
        let mut pause = FIRST_PAUSE;
        loop {
            match subscribe(&self.url, self.channel).await {
                Ok(connection) => {
                    self.connection = Some(connection);
                    return Wake::Connected;
                }
                Err(error) => tracing::warn!(channel = self.channel, %error, "cannot listen yet"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

async fn subscribe(url: &str, channel: &'static str) -> Result<Connection, StoreError> {
    use diesel_async::RunQueryDsl;
    let mut connection = connect_alone(url).await?;
    diesel::sql_query(format!("LISTEN \"{channel}\"")).execute(&mut connection).await?;
    Ok(connection)
}
