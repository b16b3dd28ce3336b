//! Words of closed lists: states, statuses, platforms.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use publishing::{
    calendar::EntryStatus,
    connection::{ChannelState, ConnectionState, Provider, RemoteRevoke},
    import::{ImportState, RowState, StopReason},
    platform::Platform,
    publication::{State, Step, Verdict},
    series::{OccurrenceState, PauseReason, SeriesStatus},
    status::PostStatus,
};

use super::{as_text, plain_type};

/// Declares the value of a list that has `ALL`, `as_str` and `FromStr`: its name in the document, and what it says.
macro_rules! word {
    ($($(#[doc = $doc:literal])+ $name:ident($list:ty) = $schema:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub $list);

        impl $name {
            fn read(text: &str) -> Option<Self> {
                text.parse().ok().map(Self)
            }

            fn write(self) -> String {
                self.0.as_str().to_owned()
            }
        }

        impl Type for $name {
            plain_type!($schema);

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Reference(Self::name().into_owned())
            }

            fn register(registry: &mut Registry) {
                registry.create_schema::<Self, _>(Self::name().into_owned(), |_| {
                    let mut schema = MetaSchema::new("string");
                    schema.description = Some(concat!($($doc),+).trim_ascii());
                    schema.enum_items = <$list>::ALL.iter().map(|word| word.as_str().into()).collect();
                    schema
                });
            }
        }

        as_text!([] $name);
    )+};
}

word! {
    /// Where a publication stands. `unconfirmed` means that nobody can tell yet whether it is public; it is never sent again before that is known.
    PublicationState(State) = "PublicationState";
    /// What a post shows, derived from its publications.
    PostStatusName(PostStatus) = "PostStatus";
    /// Where an entry of a calendar stands: what a post with this publication alone shows, or `planned`, an occurrence of a series that
    /// has no post yet.
    CalendarStatusName(EntryStatus) = "CalendarStatus";
    /// A platform.
    PlatformName(Platform) = "Platform";
    /// Whose login: `meta` is Facebook Login, which reaches Facebook Pages and the Instagram professional accounts linked to them.
    ProviderName(Provider) = "Provider";
    /// Where a connection stands. What is `awaiting_…` waits for the person, the completion code or the choice of channels;
    /// `needs_reauth` means: reconnect; `expired` and `failed` are logins that came to nothing.
    ConnectionStateName(ConnectionState) = "ConnectionState";
    /// What came of taking a grant back on its platform; `shared` was not asked for, because the grant serves another connection.
    RemoteRevokeName(RemoteRevoke) = "RemoteRevoke";
    /// Whether a channel can publish; `needs_reauth` means: reconnect its connection.
    ChannelStateName(ChannelState) = "ChannelState";
    /// Which step of publishing an attempt was.
    AttemptStep(Step) = "AttemptStep";
    /// Where an import stands. A dry run is `validating` while its rows are judged; any other is `running` while they become posts.
    ImportStateName(ImportState) = "ImportState";
    /// Why an import stopped by itself: `authority_gone` means that whoever made it may not do this any more, `internal_error` that
    /// the server failed at a row again and again.
    ImportStopName(StopReason) = "ImportStopReason";
    /// What came of a row of an import. `valid` is said by dry runs only.
    ImportRowStateName(RowState) = "ImportRowState";
    /// What came of an attempt.
    AttemptVerdict(Verdict) = "AttemptVerdict";
    /// What a series does. A `paused` one makes no posts until somebody resumes it; an `ended` one has nothing more to come.
    SeriesStatusName(SeriesStatus) = "SeriesStatus";
    /// Why a series was paused. `key_revoked` and `member_removed` are about whoever it publishes for; `content_refused` means that
    /// a channel does not accept a post of it any more.
    PauseReasonName(PauseReason) = "PauseReason";
    /// What became of an occurrence. A `planned` one becomes a post some days ahead; `made` means that there is one; a `passed` one
    /// never had one when its time came.
    OccurrenceStateName(OccurrenceState) = "OccurrenceState";
}
