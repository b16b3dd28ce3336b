//! The times of a post as the cells of a row: what exports write, and imports read back as the same instants.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Timelike, Utc};
use scheduling::{LocalSchedule, Schedule};
use zone::Tz;

use crate::{
    post::{PostView, Target, TargetTime},
    publication::Publication,
};

/// What stands for a channel on which nothing is planned.
const UNPLANNED: &str = "unplanned";

/// The cells that say when a post goes out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeCells {
    /// What the clocks show, for a time that was said so.
    pub local_time: String,
    /// Where they do.
    pub time_zone: String,
    /// The instant, for any other time.
    pub at: String,
    /// The channels that do not go with the post, as `chan_…=time`, apart by semicolons. A slot of a queue stands there as an instant.
    pub channel_times: String,
    /// Whether anything of the post still waits for its time.
    pub schedules: bool,
}

impl TimeCells {
    /// The times of a post. Of one that still waits somewhere only what still waits is said; of any other, when it would have gone
    /// out.
    pub fn of(view: &PostView) -> Self {
        let post = &view.post;
        let waiting = |target: &Target| {
            let mut all = view.publications.iter();
            all.find(|one| one.channel == target.channel && one.state.can_be_taken_back())
        };
        let schedules = post.targets.iter().any(|target| waiting(target).is_some());
        let with_post = |target: &Target| target.time == TargetTime::Post && waiting(target).is_some();
        let shown = post.schedule.filter(|_| !schedules || post.targets.iter().any(with_post));
        let (local_time, time_zone, at) = match shown {
            None => Default::default(),
            Some(Schedule::At(at)) => (String::new(), String::new(), instant(at)),
            Some(Schedule::Local(wall)) => (clocks(wall.local), wall.zone.name().to_owned(), String::new()),
        };
        let own = |target: &Target| match waiting(target) {
            Some(publication) => differing(target, publication, post.schedule),
            None if schedules => Some(UNPLANNED.to_owned()),
            None => target.time.own().map(written),
        };
        let own =
            post.targets.iter().filter_map(|target| Some(format!("{}={}", target.channel, own(target)?)));
        Self { local_time, time_zone, at, channel_times: own.collect::<Vec<_>>().join(";"), schedules }
    }
}

/// When something that waits goes out, if not with its post.
fn differing(target: &Target, publication: &Publication, with: Option<Schedule>) -> Option<String> {
    match target.time {
        TargetTime::Post if with.is_some() => None,
        TargetTime::Own(schedule) => Some(written(schedule)),
        TargetTime::Post | TargetTime::Queued(_) | TargetTime::Unplanned => Some(instant(publication.due_at)),
    }
}

fn written(schedule: Schedule) -> String {
    match schedule {
        Schedule::At(at) => instant(at),
        Schedule::Local(wall) => format!("{} {}", clocks(wall.local), wall.zone.name()),
    }
}

/// Milliseconds as everywhere, or all that is kept where that is more: it has to be the same instant.
fn instant(at: DateTime<Utc>) -> String {
    let is_whole = at.nanosecond().is_multiple_of(1_000_000);
    at.to_rfc3339_opts(if is_whole { SecondsFormat::Millis } else { SecondsFormat::AutoSi }, true)
}

fn clocks(local: NaiveDateTime) -> String {
    local.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTime {
    /// It is not written as one, or there is no such date.
    Unreadable,
    /// It is a local time, and nobody says where.
    NoZone,
}

/// An instant.
pub(super) fn read_instant(text: &str) -> Option<Schedule> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| Schedule::At(at.with_timezone(&Utc)))
}

/// What the clocks of a zone show.
pub(super) fn read_local(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    // Years have four digits: the parser would also read signs and more of them, and count what nobody meant.
    let is_written_so = matches!(text.len(), 16 | 19) && text.as_bytes()[0].is_ascii_digit();
    let read = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
    forms.iter().filter(|_| is_written_so).find_map(read)
}

/// The time that a channel has for itself: an instant, a local time with its zone or in another, or none.
pub(super) fn read_own(text: &str, zone: Option<Tz>) -> Result<TargetTime, NoTime> {
    if text.eq_ignore_ascii_case(UNPLANNED) {
        return Ok(TargetTime::Unplanned);
    }
    if let Some(schedule) = read_instant(text) {
        return Ok(TargetTime::Own(schedule));
    }
    let named =
        text.rsplit_once(' ').and_then(|(text, name)| Some((text.trim_end(), Tz::from_str(name).ok()?)));
    let (text, zone) = named.map_or((text, zone), |(text, zone)| (text, Some(zone)));
    let local = read_local(text).ok_or(NoTime::Unreadable)?;
    Ok(TargetTime::Own(Schedule::Local(LocalSchedule { local, zone: zone.ok_or(NoTime::NoZone)? })))
}

#[cfg(test)]
mod tests {
    use scheduling::queue::Place;
    use tenancy::{OrganizationId, PersonId, WorkspaceId};

    use super::*;
    use crate::{
        content::{ApprovedContent, Content, ContentHash, Override},
        id::{ApprovalId, ChannelId, PostId, PublicationId},
        platform::Platform,
        post::{Author, Post},
        publication::State,
    };

    fn at(text: &str) -> Schedule {
        Schedule::At(text.parse().unwrap())
    }

    fn noon() -> DateTime<Utc> {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    /// A post at nine that goes to channels at these times, with what became of it there.
    fn post(parts: &[(TargetTime, State)]) -> PostView {
        let target = |(time, _): &(TargetTime, State)| Target {
            channel: ChannelId::new(),
            change: Override::default(),
            time: *time,
        };
        let post = Post {
            id: PostId::new(),
            organization: OrganizationId::new(),
            workspace: WorkspaceId::new(),
            content: Content::default(),
            targets: parts.iter().map(target).collect(),
            schedule: Some(at("2027-03-01T09:00:00Z")),
            late_limit: None,
            scheduled: true,
            version: 1,
            author: Author { person: PersonId::new(), api_key: None },
            occurrence: None,
            created_at: noon(),
            updated_at: noon(),
        };
        let states = post.targets.iter().zip(parts);
        let publications = states.map(|(target, (_, state))| publication(&post, target, *state)).collect();
        PostView { post, publications }
    }

    /// One that is due at noon.
    fn publication(post: &Post, target: &Target, state: State) -> Publication {
        Publication {
            id: PublicationId::new(),
            organization: post.organization,
            workspace: post.workspace,
            post: post.id,
            channel: target.channel,
            platform: Platform::Facebook,
            state,
            reason: None,
            cancelled: None,
            needs_person: false,
            queued: matches!(target.time, TargetTime::Queued(_)),
            due_at: noon(),
            deadline_at: noon(),
            next_step_at: None,
            failures: 0,
            content: ApprovedContent { caption: String::new(), link: None, pictures: vec![] },
            content_hash: ContentHash([0; 32]),
            approval: ApprovalId::new(),
            platform_post_id: None,
            permalink: None,
            published_at: None,
            created_at: noon(),
            updated_at: noon(),
            warnings: vec![],
        }
    }

    /// What is said of the times: the instant, those of channels without their names, and whether any waits.
    fn said(parts: &[(TargetTime, State)]) -> (String, Vec<String>, bool) {
        let view = post(parts);
        let cells = TimeCells::of(&view);
        let names = view.post.targets.iter().map(|target| target.channel.to_string());
        let plain = names.fold(cells.channel_times, |text, name| text.replace(&name, ""));
        let own = plain.split(';').filter(|text| !text.is_empty()).map(str::to_owned).collect();
        assert_eq!((cells.local_time.as_str(), cells.time_zone.as_str()), ("", ""));
        (cells.at, own, cells.schedules)
    }

    #[test]
    fn of_a_post_that_waits_somewhere_only_what_waits_is_said() {
        let own = TargetTime::Own(at("2027-03-02T10:00:00Z"));
        let (with_post, slot) = (TargetTime::Post, TargetTime::Queued(Place::Last));
        let is = |at: &str, own: &[&str], schedules| {
            (at.to_owned(), own.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), schedules)
        };
        let nine = "2027-03-01T09:00:00.000Z";
        let (later, noon) = ("=2027-03-02T10:00:00.000Z", "=2027-03-01T12:00:00.000Z");
        assert_eq!(said(&[(with_post, State::Scheduled), (own, State::Ready)]), is(nine, &[later], true));
        assert_eq!(
            said(&[(with_post, State::Published), (own, State::Scheduled)]),
            is("", &["=unplanned", later], true)
        );
        assert_eq!(
            said(&[(with_post, State::Preparing), (own, State::Failed)]),
            is(nine, &["=unplanned"], true)
        );
        assert_eq!(said(&[(slot, State::Scheduled)]), is("", &[noon], true));
        for over in [
            State::Published,
            State::Publishing,
            State::Unconfirmed,
            State::Missed,
            State::Failed,
            State::Cancelled,
        ] {
            assert_eq!(said(&[(with_post, over), (own, over), (slot, over)]), is(nine, &[later], false));
        }
    }

    #[test]
    fn a_time_of_a_channel_reads_back_as_it_was_written() {
        let local = |text: &str, zone| Schedule::Local(LocalSchedule { local: text.parse().unwrap(), zone });
        for (schedule, text) in [
            (at("2027-03-01T16:30:00Z"), "2027-03-01T16:30:00.000Z"),
            (at("2027-03-01T16:30:00.123456Z"), "2027-03-01T16:30:00.123456Z"),
            (local("2027-03-01T18:30:00", Tz::known("Europe/Tallinn")), "2027-03-01T18:30:00 Europe/Tallinn"),
            (
                local("2027-03-28T02:30:00", Tz::known("America/Port-au-Prince")),
                "2027-03-28T02:30:00 America/Port-au-Prince",
            ),
        ] {
            assert_eq!(written(schedule), text);
            assert_eq!(read_own(text, None), Ok(TargetTime::Own(schedule)));
        }
        assert_eq!(read_own("Unplanned", None), Ok(TargetTime::Unplanned));
    }

    #[test]
    fn a_local_time_of_a_channel_may_leave_the_zone_to_its_row() {
        let nine = Ok(TargetTime::Own(Schedule::Local(LocalSchedule {
            local: "2027-03-01T09:00:00".parse().unwrap(),
            zone: Tz::known("Asia/Tokyo"),
        })));
        for text in ["2027-03-01 09:00", "2027-03-01T09:00:00", "2027-03-01 09:00  Asia/Tokyo"] {
            assert_eq!(read_own(text, Some(Tz::known("Asia/Tokyo"))), nine, "{text}");
        }
        assert_eq!(read_own("2027-03-01 09:00", None), Err(NoTime::NoZone));
        for text in ["", "soon", "2027-02-30 09:00", "2027-03-01 09:00 Mars", "queue"] {
            assert_eq!(read_own(text, Some(Tz::known("Asia/Tokyo"))), Err(NoTime::Unreadable), "{text}");
        }
    }
}
