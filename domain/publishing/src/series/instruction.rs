//! Whether the word on which a series publishes still stands.

use tenancy::{Role, Scope, Scopes};

use super::PauseReason;
use crate::post::Author;

/// What is known of whoever gave the word.
#[derive(Debug, Clone, Default)]
pub struct Instructor {
    /// The person's role in the organization; none where they are no member any more.
    pub role: Option<Role>,
    /// The API key it came with, if it did and the key is still known.
    pub key: Option<KeyStanding>,
}

/// What is known of an API key.
#[derive(Debug, Clone)]
pub struct KeyStanding {
    /// Whether it is neither revoked nor expired.
    pub is_live: bool,
    /// Whether it reaches the workspace of the series.
    pub reaches: bool,
    /// What it may do.
    pub scopes: Scopes,
}

/// Whether the author may still have posts published.
pub(super) fn stands(author: Author, found: &Instructor) -> Result<(), PauseReason> {
    // A key never may more than the person who granted it.
    if !found.role.is_some_and(|role| role.scopes().has(Scope::PostsPublish)) {
        return Err(PauseReason::MemberRemoved);
    }
    let may = |key: &KeyStanding| key.is_live && key.reaches && key.scopes.has(Scope::PostsPublish);
    if author.api_key.is_none() || found.key.as_ref().is_some_and(may) {
        Ok(())
    } else {
        Err(PauseReason::KeyRevoked)
    }
}

#[cfg(test)]
mod tests {
    use tenancy::{ApiKeyId, PersonId};

    use super::*;

    fn key() -> KeyStanding {
        KeyStanding { is_live: true, reaches: true, scopes: [Scope::PostsPublish].into_iter().collect() }
    }

    #[test]
    fn a_member_may_as_long_as_they_are_one() {
        let author = Author { person: PersonId::new(), api_key: None };
        let member = Instructor { role: Some(Role::Member), key: None };
        assert_eq!(stands(author, &member), Ok(()));
        assert_eq!(stands(author, &Instructor::default()), Err(PauseReason::MemberRemoved));
    }

    #[test]
    fn a_key_may_as_long_as_it_lives_reaches_and_has_the_scope() {
        let author = Author { person: PersonId::new(), api_key: Some(ApiKeyId::new()) };
        let with = |key| stands(author, &Instructor { role: Some(Role::Owner), key });
        assert_eq!(with(Some(key())), Ok(()));
        let ended = KeyStanding { is_live: false, ..key() };
        let elsewhere = KeyStanding { reaches: false, ..key() };
        let reader = KeyStanding { scopes: [Scope::PostsRead].into_iter().collect(), ..key() };
        for lost in [Some(ended), Some(elsewhere), Some(reader), None] {
            assert_eq!(with(lost), Err(PauseReason::KeyRevoked));
        }
        let orphan = Instructor { role: None, key: Some(key()) };
        assert_eq!(stands(author, &orphan), Err(PauseReason::MemberRemoved));
    }
}
