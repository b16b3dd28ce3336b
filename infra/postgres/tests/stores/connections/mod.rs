//! Connections and channels, from the login to the last byte of a token.

mod check;
mod disconnect;
mod login;
mod reconnect;
pub(crate) mod scene;
