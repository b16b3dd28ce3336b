//! Sealing what is known about a person under that person's own key.

use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::{
    PersonId,
    sealing::{KeyChain, Place, SealError, Sealed, Vault, WrappedKey},
};

/// A person's key and what it is for.
pub(crate) struct Personal<'a> {
    vault: &'a dyn Vault,
    chain: KeyChain,
    owner: Uuid,
}

impl<'a> Personal<'a> {
    pub(crate) fn new(vault: &'a dyn Vault, person: PersonId, key: WrappedKey) -> Self {
        Self { vault, chain: KeyChain::Root(key), owner: person.uuid() }
    }

    /// Seals a text for `column` of the row.
    pub(crate) fn seal(&self, row: Uuid, column: &'static str, text: &str) -> Result<Sealed, SealError> {
        self.vault.seal(&self.chain, Place { owner: self.owner, row, column }, text.as_bytes())
    }

    /// Seals a text that may be absent.
    pub(crate) fn seal_some(
        &self,
        row: Uuid,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<Sealed>, SealError> {
        text.map(|text| self.seal(row, column, text)).transpose()
    }

    /// Opens a text of `column` of the row.
    pub(crate) fn open(&self, row: Uuid, column: &'static str, sealed: &Sealed) -> Result<String, SealError> {
        let plain = self.vault.open(&self.chain, Place { owner: self.owner, row, column }, sealed)?;
        String::from_utf8(plain.expose_secret().to_vec()).map_err(|_| SealError::DoesNotOpen)
    }

    /// Opens a text that may be absent.
    pub(crate) fn open_some(
        &self,
        row: Uuid,
        column: &'static str,
        sealed: Option<&Sealed>,
    ) -> Result<Option<String>, SealError> {
        sealed.map(|sealed| self.open(row, column, sealed)).transpose()
    }
}
