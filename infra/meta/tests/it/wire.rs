//! A wire between the adapter and a server, which can be cut and can go dead.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Carried,
    Cut,
    Stalled,
}

/// Carries every connection to one server.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    opened: Arc<AtomicUsize>,
    /// The fate of the connections that are open; later ones are carried again.
    fate: watch::Sender<Fate>,
}

impl Wire {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (fate, fates) = watch::channel(Fate::Carried);
        let opened = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&opened);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let mut fate = fates.clone();
                fate.mark_unchanged();
                tokio::spawn(carry(stream, server, fate));
            }
        });
        Self { address, opened, fate }
    }

    /// Connections that were ever opened.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Closes what is open.
    pub(crate) fn cut(&self) {
        self.fate.send_replace(Fate::Cut);
    }

    /// Carries nothing any more on what is open, and closes nothing either.
    pub(crate) fn stall(&self) {
        self.fate.send_replace(Fate::Stalled);
    }
}

async fn carry(mut near: TcpStream, server: SocketAddr, mut fate: watch::Receiver<Fate>) {
    let mut far = TcpStream::connect(server).await.unwrap();
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => return,
        _ = fate.changed() => {}
    }
    if *fate.borrow() == Fate::Stalled {
        std::future::pending::<()>().await;
    }
}
