//! Facebook Login: the dialog, tokens, permissions.
//!
//! Source: <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>.

pub(crate) mod debug_token;
pub(crate) mod dialog;
pub(crate) mod dialog_page;
pub(crate) mod exchange;
pub(crate) mod permissions;
