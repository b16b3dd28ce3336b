//! Access tokens.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Id, World};

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A person.
    User(Id),
    /// A Page, on behalf of the person whose token it was made from.
    Page {
        /// The Page.
        page: Id,
        /// The person.
        person: Id,
    },
}

impl Holder {
    /// The person behind it.
    pub(crate) fn person(self) -> Id {
        match self {
            Self::User(person) | Self::Page { person, .. } => person,
        }
    }

    /// The Page, if it is a Page's token.
    pub(crate) fn page(self) -> Option<Id> {
        match self {
            Self::User(_) => None,
            Self::Page { page, .. } => Some(page),
        }
    }
}

/// An access token; its text is the key under which the world keeps it.
pub(crate) struct Token {
    /// Names the token in logs, which never show its text.
    pub(crate) number: u64,
    pub(crate) app: Id,
    pub(crate) holder: Holder,
    pub(crate) scopes: Vec<String>,
    /// Pages it reaches; `None` means all of the person's.
    pub(crate) pages: Option<Vec<Id>>,
    pub(crate) issued_ms: i64,
    /// `None` means never.
    pub(crate) expires_ms: Option<i64>,
    pub(crate) data_until_ms: i64,
    /// The subcode of error 190 that it answers since it was invalidated.
    pub(crate) revoked: Option<u64>,
    /// The grant's count when it was made.
    pub(crate) generation: u64,
    /// The proof that belongs to it, computed at first use.
    pub(crate) proof: OnceLock<String>,
}

impl Token {
    /// Whether the token reaches a Page as far as the person's choice in the dialog goes.
    pub(crate) fn reaches(&self, page: Id) -> bool {
        match self.holder {
            Holder::Page { page: own, .. } => own == page,
            Holder::User(_) => self.pages.as_ref().is_none_or(|pages| pages.contains(&page)),
        }
    }
}

/// `appsecret_proof`: lowercase hex of HMAC-SHA256 over the token, keyed with the app's secret.
/// Source: <https://developers.facebook.com/docs/graph-api/guides/secure-requests>.
pub(crate) fn appsecret_proof(secret: &str, token: &str) -> String {
    // HMAC takes keys of any length, so the error case cannot happen; an empty proof matches nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// A text nobody can guess, beginning like the real ones.
pub(crate) fn random_text() -> String {
    format!("EAASBX{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

impl World {
    /// Keeps a token under its text and returns its number.
    pub(crate) fn keep_token(&mut self, text: String, mut token: Token) -> u64 {
        token.number = self.serial();
        let number = token.number;
        self.tokens.insert(text, token);
        number
    }

    /// The Page token that belongs to a user token: the same text for the same pair, as on the platform.
    /// It lives as long as the user token when that is short-lived, and forever when it is long-lived.
    pub(crate) fn page_token(&mut self, user_token: &str, page: Id, now: i64) -> Option<String> {
        let user = self.tokens.get(user_token)?;
        if let Some(text) = self.page_tokens.get(&(user.number, page)) {
            return Some(text.clone());
        }
        let short_lived = user.expires_ms.is_some_and(|at| at - user.issued_ms < crate::clock::DAY);
        let token = Token {
            number: 0,
            app: user.app,
            holder: Holder::Page { page, person: user.holder.person() },
            scopes: user.scopes.clone(),
            pages: Some(vec![page]),
            issued_ms: now,
            expires_ms: user.expires_ms.filter(|_| short_lived),
            data_until_ms: user.data_until_ms,
            revoked: None,
            generation: user.generation,
            proof: OnceLock::new(),
        };
        let (key, text) = ((user.number, page), random_text());
        self.keep_token(text.clone(), token);
        self.page_tokens.insert(key, text.clone());
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_the_hex_of_the_keyed_hash_of_the_token() {
        // Checked with `printf token | openssl dgst -sha256 -hmac secret`.
        assert_eq!(
            appsecret_proof("secret", "token"),
            "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
        );
    }
}
