//! What Meta's error numbers mean: one table, read from the top, first match. Adding a code is one line.
//!
//! Sources: Graph API guides on error handling and rate limiting, Instagram platform error codes, Page photos and
//! videos references, Video API error codes; where these are silent, what published clients report.

use std::time::Duration;

use publishing::refusal::{Reason, Remedy};

use crate::pause::Subject;

/// What an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// Why.
    pub(crate) reason: Reason,
    /// What to do about it, where the call may be repeated.
    pub(crate) remedy: Remedy,
    /// What it says of the irreversible call.
    pub(crate) on_publish: OnPublish,
}

/// What an error says of the irreversible call that it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnPublish {
    /// Refused before it was executed: nothing is public.
    Refused,
    /// This call was refused, perhaps because an earlier one was executed: look before believing it.
    Look,
    /// It may have been executed.
    Unclear,
}

struct Row {
    codes: Codes,
    subcode: Subcode,
    meaning: Meaning,
}

#[derive(Clone, Copy)]
enum Codes {
    Any,
    Is(i64),
    Of(&'static [i64]),
    Within(i64, i64),
}

#[derive(Clone, Copy)]
enum Subcode {
    Any,
    Missing,
    Is(i64),
    Of(&'static [i64]),
}

impl Codes {
    fn matches(self, code: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Is(only) => only == code,
            Self::Of(list) => list.contains(&code),
            Self::Within(first, last) => (first..=last).contains(&code),
        }
    }
}

impl Subcode {
    fn matches(self, subcode: Option<i64>) -> bool {
        match self {
            Self::Any => true,
            Self::Missing => subcode.is_none(),
            Self::Is(only) => subcode == Some(only),
            Self::Of(list) => subcode.is_some_and(|subcode| list.contains(&subcode)),
        }
    }
}

const fn row(codes: Codes, subcode: Subcode, reason: Reason, remedy: Remedy, on_publish: OnPublish) -> Row {
    Row { codes, subcode, meaning: Meaning { reason, remedy, on_publish } }
}

/// A pause where the platform names none; the table of pauses lengthens it.
const MINUTE: Remedy = Remedy::Wait(Duration::from_mins(1));
/// A longer one. Where Instagram's posts of the day are used up, `instagram/quota.rs` finds a better one.
const HOUR: Remedy = Remedy::Wait(Duration::from_hours(1));

/// Code 100/33 where the object can only be a staged photo.
pub(crate) const STAGED_PHOTO_LOST: Meaning =
    Meaning { reason: Reason::PreparationLost, remedy: Remedy::PrepareAgain, on_publish: OnPublish::Refused };

use Codes::{Any, Is, Of, Within};
use OnPublish::{Look, Refused, Unclear};
use Reason as R;
use Remedy::{GiveUp, PrepareAgain, Reconnect, Retry};
use Subcode::{Any as Every, Is as Sub, Missing, Of as Subs};

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Server errors first: whatever their subcode, posts were seen live behind them.
    row(Is(-1),             Sub(2_207_053),    R::PreparationLost,     PrepareAgain, Unclear), // unknown upload error
    row(Is(-1),             Sub(2_207_073),    R::Rejected,            GiveUp,       Unclear), // kind cannot be deleted
    row(Of(&[-1, 1, 2]),    Every,             R::PlatformUnavailable, Retry,        Unclear),
    row(Is(4),              Sub(2_207_051),    R::PolicyBlocked,       GiveUp,       Unclear), // spam guard; seen live
    row(Is(20),             Every,             R::Rejected,            GiveUp,       Unclear), // answer format; done already

    // Instagram, by subcode.
    row(Is(-2),             Sub(2_207_003),    R::MediaUnreachable,    Retry,        Refused), // download timed out
    row(Is(-2),             Sub(2_207_020),    R::PreparationLost,     PrepareAgain, Look),    // media expired
    row(Is(9),              Sub(2_207_042),    R::RateLimited,         HOUR,         Refused), // posts of the day used up
    row(Is(24),             Sub(2_207_006),    R::Rejected,            GiveUp,       Refused), // media not found
    row(Is(24),             Sub(2_207_008),    R::PreparationLost,     PrepareAgain, Look),    // container missing or expired
    row(Is(25),             Sub(2_207_050),    R::AccountRestricted,   GiveUp,       Refused),
    row(Is(100),            Subs(&[2_207_023, 2_207_028]), R::MediaRejected, GiveUp, Refused), // media type; carousel count
    row(Is(100),            Sub(2_207_040),    R::CaptionRejected,     GiveUp,       Refused), // too many mentions
    row(Is(100),            Subs(&[2_207_035, 2_207_036, 2_207_037]), R::Rejected, GiveUp, Refused), // product tags
    row(Is(352),            Every,             R::MediaRejected,       GiveUp,       Refused), // video format
    row(Is(9004),           Every,             R::MediaUnreachable,    Retry,        Refused), // picture could not be fetched
    row(Is(9007),           Every,             R::PlatformUnavailable, Retry,        Refused), // container not ready
    row(Of(&[36_000, 36_001, 36_003]), Every,  R::MediaRejected,       GiveUp,       Refused), // size, format, shape
    row(Is(36_004),         Every,             R::CaptionRejected,     GiveUp,       Refused),

    // Posts on Pages, by subcode under whatever code.
    row(Any,                Sub(1_366_051),    R::Duplicate,           GiveUp,       Look),    // pictures already posted
    row(Any,                Sub(1_455_006),    R::Duplicate,           GiveUp,       Look),    // same text as the last post
    row(Any,                Subs(&[1_366_046, 2_069_019, 1_349_125]), R::MediaRejected, GiveUp, Refused), // size or format
    row(Any,                Subs(&[1_346_003, 1_404_102]), R::PolicyBlocked, GiveUp, Refused), // abusive; standards
    row(Any,                Subs(&[1_404_006, 1_404_078, 1_404_112, 4_854_002]), R::AccountRestricted, GiveUp, Refused), // checks by Meta
    row(Any,                Sub(1_390_008),    R::RateLimited,         HOUR,         Refused), // too fast
    row(Any,                Subs(&[1_609_005, 1_609_008, 2_061_006]), R::LinkRejected, GiveUp, Refused),

    // Videos, by subcode under whatever code.
    row(Any,                Sub(1_363_041),    R::PreparationLost,     PrepareAgain, Refused), // upload session over
    row(Any,                Subs(&[1_363_019, 1_363_021, 1_363_030, 1_363_033, 1_363_037]), R::PlatformUnavailable, Retry, Refused),
    row(Any,                Subs(&[1_363_005, 1_363_042]), R::PermissionMissing, Reconnect, Refused),
    row(Any,                Subs(&[1_363_020, 1_363_022, 1_363_023, 1_363_024, 1_363_025, 1_363_026, 1_363_031, 1_363_032,
                                   1_363_040, 1_363_045, 1_363_127, 1_363_128, 1_363_129]), R::MediaRejected, GiveUp, Refused),

    // The token, the person, the app.
    row(Is(190),            Subs(&[459, 464]), R::AccountRestricted,   Reconnect,    Refused), // checkpoint; unconfirmed
    row(Is(190),            Sub(492),          R::PermissionMissing,   Reconnect,    Refused), // no role on the Page
    row(Of(&[102, 190]),    Every,             R::Unauthorized,        Reconnect,    Refused),
    row(Is(3),              Every,             R::AppMisconfigured,    GiveUp,       Refused), // not allowed for this app
    row(Of(&[101, 104, 191]), Every,           R::AppMisconfigured,    GiveUp,       Refused), // app id; proof; redirect address
    row(Is(10),             Every,             R::PermissionMissing,   Reconnect,    Refused),
    row(Within(200, 299),   Every,             R::PermissionMissing,   Reconnect,    Refused),

    // Limits.
    row(Is(4),              Missing,           R::RateLimited,         MINUTE,       Refused),
    row(Is(4),              Every,             R::RateLimited,         MINUTE,       Unclear), // a guard we do not know
    row(Of(&[17, 32, 341, 613]), Every,        R::RateLimited,         MINUTE,       Refused),
    row(Within(80_000, 80_014), Every,         R::RateLimited,         MINUTE,       Refused),

    // The content.
    row(Is(100),            Sub(33),           R::PermissionMissing,   Retry,        Refused), // gone, hidden or seconds old
    row(Is(100),            Every,             R::Rejected,            GiveUp,       Refused), // invalid parameter
    row(Is(324),            Every,             R::MediaRejected,       GiveUp,       Refused),
    row(Is(368),            Every,             R::PolicyBlocked,       GiveUp,       Look),    // also "already posted this"
    row(Is(382),            Every,             R::MediaRejected,       GiveUp,       Refused), // video too small
    row(Is(389),            Every,             R::MediaUnreachable,    Retry,        Refused), // file could not be fetched
    row(Is(506),            Every,             R::Duplicate,           GiveUp,       Look),
    row(Of(&[803, 2500]),   Every,             R::Rejected,            GiveUp,       Refused), // unknown id or path
    row(Of(&[6000, 6001]),  Every,             R::MediaRejected,       GiveUp,       Refused), // video upload
    row(Of(&[1_609_005, 1_609_008, 2_061_006]), Every, R::LinkRejected, GiveUp,      Refused),
];

/// What these numbers mean. `passing` is what the platform or its HTTP status says of an error that is not in the table;
/// such an error never counts as a refusal of the irreversible call.
pub(crate) fn meaning(code: Option<i64>, subcode: Option<i64>, passing: bool) -> Meaning {
    let known =
        code.and_then(|code| TABLE.iter().find(|r| r.codes.matches(code) && r.subcode.matches(subcode)));
    match known {
        Some(row) => row.meaning,
        None if passing => Meaning { reason: R::PlatformUnavailable, remedy: Retry, on_publish: Unclear },
        None => Meaning { reason: R::Rejected, remedy: GiveUp, on_publish: Unclear },
    }
}

/// What a subcode means that comes without its code, as in a container's status text.
pub(crate) fn meaning_of_subcode(subcode: i64) -> Option<Meaning> {
    let named = |row: &&Row| match row.subcode {
        Sub(only) => only == subcode,
        Subs(list) => list.contains(&subcode),
        Every | Missing => false,
    };
    TABLE.iter().find(named).map(|row| row.meaning).or_else(|| unofficial(subcode))
}

/// Subcodes that the table has no line for, because their code alone decides there.
fn unofficial(subcode: i64) -> Option<Meaning> {
    let (reason, remedy) = match subcode {
        2_207_004 | 2_207_005 | 2_207_009 | 2_207_026 => (R::MediaRejected, GiveUp),
        2_207_010 => (R::CaptionRejected, GiveUp),
        2_207_052 | 2_207_077 => (R::MediaUnreachable, Retry),
        _ => return None,
    };
    Some(Meaning { reason, remedy, on_publish: Refused })
}

/// Whom a limit concerns: codes 4 and 341 the whole app, 17, 32, 613 and the business use cases the Page or account.
pub(crate) fn limited(code: Option<i64>, subcode: Option<i64>, asset: Option<&str>) -> Option<Subject<'_>> {
    match (code?, subcode) {
        (4, None) | (341, _) => Some(Subject::App),
        (17 | 32 | 613 | 80_000..=80_014, _) => asset.map(Subject::Asset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, subcode, reason, remedy, publish: what the sources say, written a second time and independently.
    #[rustfmt::skip]
    const EXPECTED: &[(i64, Option<i64>, R, Remedy, OnPublish)] = &[
        (1, None, R::PlatformUnavailable, Retry, Unclear),
        (1, Some(2_207_057), R::PlatformUnavailable, Retry, Unclear),
        (2, None, R::PlatformUnavailable, Retry, Unclear),
        (2, Some(1_366_051), R::PlatformUnavailable, Retry, Unclear),
        (3, None, R::AppMisconfigured, GiveUp, Refused),
        (4, None, R::RateLimited, MINUTE, Refused),
        (4, Some(2_207_051), R::PolicyBlocked, GiveUp, Unclear),
        (4, Some(2_207_099), R::RateLimited, MINUTE, Unclear),
        (9, Some(2_207_042), R::RateLimited, HOUR, Refused),
        (10, None, R::PermissionMissing, Reconnect, Refused),
        (17, None, R::RateLimited, MINUTE, Refused),
        (20, Some(1_772_107), R::Rejected, GiveUp, Unclear),
        (24, Some(2_207_006), R::Rejected, GiveUp, Refused),
        (24, Some(2_207_008), R::PreparationLost, PrepareAgain, Look),
        (25, Some(2_207_050), R::AccountRestricted, GiveUp, Refused),
        (32, None, R::RateLimited, MINUTE, Refused),
        (100, None, R::Rejected, GiveUp, Refused),
        (100, Some(33), R::PermissionMissing, Retry, Refused),
        (100, Some(2_207_023), R::MediaRejected, GiveUp, Refused),
        (100, Some(2_207_028), R::MediaRejected, GiveUp, Refused),
        (100, Some(2_207_035), R::Rejected, GiveUp, Refused),
        (100, Some(2_207_036), R::Rejected, GiveUp, Refused),
        (100, Some(2_207_037), R::Rejected, GiveUp, Refused),
        (100, Some(2_207_040), R::CaptionRejected, GiveUp, Refused),
        (100, Some(1_609_005), R::LinkRejected, GiveUp, Refused),
        (101, None, R::AppMisconfigured, GiveUp, Refused),
        (102, None, R::Unauthorized, Reconnect, Refused),
        (104, None, R::AppMisconfigured, GiveUp, Refused),
        (190, None, R::Unauthorized, Reconnect, Refused),
        (190, Some(458), R::Unauthorized, Reconnect, Refused),
        (190, Some(459), R::AccountRestricted, Reconnect, Refused),
        (190, Some(460), R::Unauthorized, Reconnect, Refused),
        (190, Some(463), R::Unauthorized, Reconnect, Refused),
        (190, Some(464), R::AccountRestricted, Reconnect, Refused),
        (190, Some(466), R::Unauthorized, Reconnect, Refused),
        (190, Some(467), R::Unauthorized, Reconnect, Refused),
        (190, Some(492), R::PermissionMissing, Reconnect, Refused),
        (191, None, R::AppMisconfigured, GiveUp, Refused),
        (200, None, R::PermissionMissing, Reconnect, Refused),
        (299, None, R::PermissionMissing, Reconnect, Refused),
        (324, Some(2_069_019), R::MediaRejected, GiveUp, Refused),
        (324, None, R::MediaRejected, GiveUp, Refused),
        (341, None, R::RateLimited, MINUTE, Refused),
        (352, Some(2_207_026), R::MediaRejected, GiveUp, Refused),
        (368, None, R::PolicyBlocked, GiveUp, Look),
        (368, Some(1_390_008), R::RateLimited, HOUR, Refused),
        (382, None, R::MediaRejected, GiveUp, Refused),
        (389, None, R::MediaUnreachable, Retry, Refused),
        (506, None, R::Duplicate, GiveUp, Look),
        (506, Some(1_455_006), R::Duplicate, GiveUp, Look),
        (613, None, R::RateLimited, MINUTE, Refused),
        (613, Some(1996), R::RateLimited, MINUTE, Refused),
        (803, None, R::Rejected, GiveUp, Refused),
        (2500, None, R::Rejected, GiveUp, Refused),
        (6000, None, R::MediaRejected, GiveUp, Refused),
        (6000, Some(1_363_041), R::PreparationLost, PrepareAgain, Refused),
        (6001, Some(1_363_037), R::PlatformUnavailable, Retry, Refused),
        (6001, Some(1_363_042), R::PermissionMissing, Reconnect, Refused),
        (6001, Some(1_363_024), R::MediaRejected, GiveUp, Refused),
        (9004, Some(2_207_052), R::MediaUnreachable, Retry, Refused),
        (9007, Some(2_207_027), R::PlatformUnavailable, Retry, Refused),
        (36_000, Some(2_207_004), R::MediaRejected, GiveUp, Refused),
        (36_001, Some(2_207_005), R::MediaRejected, GiveUp, Refused),
        (36_003, Some(2_207_009), R::MediaRejected, GiveUp, Refused),
        (36_004, Some(2_207_010), R::CaptionRejected, GiveUp, Refused),
        (1_609_005, None, R::LinkRejected, GiveUp, Refused),
        (1_609_008, None, R::LinkRejected, GiveUp, Refused),
        (2_061_006, None, R::LinkRejected, GiveUp, Refused),
        (80_001, None, R::RateLimited, MINUTE, Refused),
        (80_002, None, R::RateLimited, MINUTE, Refused),
        (80_006, None, R::RateLimited, MINUTE, Refused),
        (-1, Some(2_207_001), R::PlatformUnavailable, Retry, Unclear),
        (-1, Some(2_207_032), R::PlatformUnavailable, Retry, Unclear),
        (-1, Some(2_207_053), R::PreparationLost, PrepareAgain, Unclear),
        (-1, Some(2_207_073), R::Rejected, GiveUp, Unclear),
        (-2, Some(2_207_003), R::MediaUnreachable, Retry, Refused),
        (-2, Some(2_207_020), R::PreparationLost, PrepareAgain, Look),
        (200, Some(1_366_051), R::Duplicate, GiveUp, Look),
        (368, Some(1_404_006), R::AccountRestricted, GiveUp, Refused),
        (368, Some(1_404_102), R::PolicyBlocked, GiveUp, Refused),
    ];

    #[test]
    fn every_known_code_means_what_the_sources_say() {
        for &(code, subcode, reason, remedy, on_publish) in EXPECTED {
            let found = meaning(Some(code), subcode, false);
            assert_eq!(found, Meaning { reason, remedy, on_publish }, "{code}/{subcode:?}");
        }
    }

    #[test]
    fn an_unknown_code_never_counts_as_a_refusal_of_the_irreversible_call() {
        for code in [None, Some(0), Some(5), Some(999), Some(-7), Some(i64::MAX)] {
            for subcode in [None, Some(2_207_999)] {
                assert_eq!(meaning(code, subcode, false).on_publish, Unclear, "{code:?}/{subcode:?}");
                assert_eq!(meaning(code, subcode, false).remedy, GiveUp);
                assert_eq!(meaning(code, subcode, true).on_publish, Unclear);
                assert_eq!(meaning(code, subcode, true).remedy, Retry);
            }
        }
        for (code, subcode) in [(9, 1), (24, 1), (25, 1), (-2, 1)] {
            assert_eq!(meaning(Some(code), Some(subcode), false).on_publish, Unclear, "{code}");
        }
    }

    #[test]
    fn no_row_is_hidden_by_one_above_it() {
        for (at, row) in TABLE.iter().enumerate() {
            let code = match row.codes {
                Any => 77_777,
                Is(code) | Within(code, _) => code,
                Of(codes) => codes[0],
            };
            let subcodes: &[Option<i64>] = match row.subcode {
                Every => &[Some(77_777)],
                Missing => &[None],
                Sub(only) => &[Some(only)],
                Subs(list) => &list.iter().copied().map(Some).collect::<Vec<_>>(),
            };
            for subcode in subcodes {
                let first = TABLE.iter().position(|r| r.codes.matches(code) && r.subcode.matches(*subcode));
                assert_eq!(first, Some(at), "{code}/{subcode:?}");
            }
        }
    }

    #[test]
    fn a_limit_of_the_app_is_told_from_one_of_a_page() {
        assert_eq!(limited(Some(4), None, Some("1")), Some(Subject::App));
        assert_eq!(limited(Some(32), None, Some("1")), Some(Subject::Asset("1")));
        assert_eq!(limited(Some(80_002), Some(3), Some("1")), Some(Subject::Asset("1")));
        assert_eq!(limited(Some(4), Some(2_207_051), Some("1")), None);
        assert_eq!(limited(Some(9), Some(2_207_042), Some("1")), None);
        assert_eq!(limited(None, None, Some("1")), None);
    }
}
