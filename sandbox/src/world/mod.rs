//! Everything the stand-in platform knows: who exists, what they may do, what was published.
//!
//! One lock guards the whole world. Every visit is a handful of hash look-ups, far shorter than reading a request
//! from a socket, so a finer grain would cost more than it saves.

pub(crate) mod account;
pub(crate) mod container;
pub(crate) mod media;
pub(crate) mod page;
pub(crate) mod people;
pub(crate) mod picture;
pub(crate) mod post;
pub(crate) mod roster;
pub(crate) mod token;

use std::collections::HashMap;

use account::Account;
use container::Container;
use media::Media;
use page::Page;
use people::{App, Code, Grant, Person};
use picture::Pictures;
use post::{Photo, Post};
use token::Token;

/// An id of the platform. On the wire it is a decimal string.
pub(crate) type Id = u64;

/// What kind of thing an id names, in the order of the number ranges the ids come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A Meta app.
    App,
    /// A Facebook user.
    Person,
    /// A Facebook Page.
    Page,
    /// An Instagram account.
    Account,
    /// A post of a Page.
    Post,
    /// A photo of a Page.
    Photo,
    /// An Instagram container.
    Container,
    /// A published Instagram media object.
    Media,
}

impl Kind {
    /// The first id of the range; the lengths and first digits resemble the real ones.
    pub(crate) fn base(self) -> Id {
        match self {
            Self::App => 820_000_000_000_000,
            Self::Person => 10_220_000_000_000_000,
            Self::Page => 104_000_000_000_000,
            Self::Account => 17_841_400_000_000_000,
            Self::Post => 712_000_000_000_000,
            Self::Photo => 733_000_000_000_000,
            Self::Container => 17_889_000_000_000_000,
            Self::Media => 17_920_000_000_000_000,
        }
    }
}

/// The state of the stand-in platform.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) apps: HashMap<Id, App>,
    pub(crate) people: HashMap<Id, Person>,
    pub(crate) pages: HashMap<Id, Page>,
    pub(crate) accounts: HashMap<Id, Account>,
    /// By the token's text.
    pub(crate) tokens: HashMap<String, Token>,
    /// The Page token that was handed out for a user token (by its number) and a Page.
    pub(crate) page_tokens: HashMap<(u64, Id), String>,
    /// Codes that the login dialog handed out.
    pub(crate) codes: HashMap<String, Code>,
    /// What a person (second) granted an app (first).
    pub(crate) grants: HashMap<(Id, Id), Grant>,
    pub(crate) posts: HashMap<Id, Post>,
    pub(crate) photos: HashMap<Id, Photo>,
    pub(crate) containers: HashMap<Id, Container>,
    pub(crate) media: HashMap<Id, Media>,
    pub(crate) pictures: Pictures,
    /// People, Pages and accounts in the order they were made, for lists that people read.
    pub(crate) order: Vec<Id>,
    /// Where the ids of this world begin within each range.
    origin: Id,
    serial: u64,
}

impl World {
    /// An empty world that begins at this time, in milliseconds since the Unix epoch. Its ids begin there, too: whoever kept
    /// ids of an earlier world must not meet them again, as nobody meets an id twice on the platform. The ranges have room
    /// for 31 years, with 10,000 ids a second.
    pub(crate) fn beginning(now: i64) -> Self {
        let seconds = u64::try_from(now / crate::clock::SECOND).unwrap_or(0);
        Self { origin: seconds % 1_000_000_000 * 10_000, ..Self::default() }
    }

    /// The next unused number.
    pub(crate) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new id of a kind. Numbers up to 999 are left to the seed.
    pub(crate) fn fresh(&mut self, kind: Kind) -> Id {
        kind.base() + 1_000 + self.origin + self.serial()
    }

    /// What an id names, if anything.
    pub(crate) fn kind(&self, id: Id) -> Option<Kind> {
        let found = [
            (Kind::Page, self.pages.contains_key(&id)),
            (Kind::Account, self.accounts.contains_key(&id)),
            (Kind::Container, self.containers.contains_key(&id)),
            (Kind::Media, self.media.contains_key(&id)),
            (Kind::Post, self.posts.contains_key(&id)),
            (Kind::Photo, self.photos.contains_key(&id)),
            (Kind::Person, self.people.contains_key(&id)),
            (Kind::App, self.apps.contains_key(&id)),
        ];
        found.into_iter().find_map(|(kind, here)| here.then_some(kind))
    }

    /// The Page or account that an object belongs to; Pages and accounts belong to themselves.
    pub(crate) fn owner(&self, id: Id) -> Option<Id> {
        match self.kind(id)? {
            Kind::Page | Kind::Account | Kind::Person => Some(id),
            Kind::Container => self.containers.get(&id).map(|it| it.account),
            Kind::Media => self.media.get(&id).map(|it| it.account),
            Kind::Post => self.posts.get(&id).map(|it| it.page),
            Kind::Photo => self.photos.get(&id).map(|it| it.page),
            Kind::App => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 8] = [
        Kind::App,
        Kind::Person,
        Kind::Page,
        Kind::Account,
        Kind::Post,
        Kind::Photo,
        Kind::Container,
        Kind::Media,
    ];

    #[test]
    fn an_id_of_an_earlier_world_is_not_given_again() {
        let (mut first, mut second) =
            (World::beginning(1_800_000_000_000), World::beginning(1_800_000_001_000));
        let earlier: Vec<_> = (0..10_000).map(|_| first.fresh(Kind::Post)).collect();
        assert!(!earlier.contains(&second.fresh(Kind::Post)));
    }

    #[test]
    fn the_ranges_of_kinds_never_meet() {
        let mut bases = ALL.map(Kind::base);
        bases.sort_unstable();
        let mut last = World { origin: 999_999_999 * 10_000, ..World::default() };
        let room = last.fresh(Kind::App) - Kind::App.base();
        assert!(bases.windows(2).all(|pair| pair[0] + room < pair[1]));
    }
}
