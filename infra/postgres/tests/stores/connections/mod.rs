//! Connections and channels, from the login to the last byte of a token.

mod check;
mod confirm;
mod disconnect;
mod login;
mod lost_key;
mod reconnect;
pub(crate) mod scene;
