//! Ports: the usual one, or a free one where somebody has it.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use super::{trouble::Trouble, voice::Voice};

/// Listens on the address, or on a free port of the same interface, and says so.
pub(super) fn listen(what: &str, wanted: SocketAddr, voice: Voice) -> Result<TcpListener, Trouble> {
    let no_port = |error| Trouble::NoPort { address: wanted.ip(), error };
    match TcpListener::bind(wanted) {
        Ok(listener) => Ok(listener),
        Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
            let listener = TcpListener::bind((wanted.ip(), 0)).map_err(no_port)?;
            let port = listener.local_addr().map_err(no_port)?.port();
            voice.say(&format!("port {} is taken; {what} listens on port {port} instead", wanted.port()));
            Ok(listener)
        }
        Err(error) => Err(no_port(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_replaced_by_a_free_one() {
        let first = listen("one", "127.0.0.1:0".parse().unwrap(), Voice::start()).unwrap();
        let taken = first.local_addr().unwrap();
        let second = listen("another", taken, Voice::start()).unwrap().local_addr().unwrap();
        assert_eq!(second.ip(), taken.ip());
        assert_ne!(second.port(), taken.port());
    }
}
