//! The columns, what stands in them, and what it means.

use std::{fmt, str::FromStr};

use scheduling::Schedule;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    CellViolation, Import, NamedChannel,
    channels::{self, NotFound},
    formula::said,
};
use crate::{
    content::{Attachment, Content, Override},
    id::MediaId,
    post::{Target, TargetTime, store::Draft},
    publication::{UnknownWord, words},
};

/// The longest key, in characters.
const MAX_KEY: usize = 255;
/// The longest link, in bytes.
const MAX_LINK: usize = 2_048;
/// The most pictures that a row may name; the platforms take fewer.
const MAX_MEDIA: usize = 20;

words! {
    /// A column of a file.
    Column {
        /// Tells this row from all others of the workspace, now and later.
        Key => "key",
        /// The text.
        Caption => "caption",
        /// The link.
        Link => "link",
        /// Ids of media, apart by spaces or semicolons.
        MediaIds => "media_ids",
        /// Ids or names of channels, apart by semicolons.
        Channels => "channels",
        /// When, on the clocks of a zone.
        LocalTime => "local_time",
        /// The zone.
        TimeZone => "time_zone",
        /// When, as an instant.
        At => "at",
        /// When on channels that do not go with the post: `channel=time`, apart by semicolons.
        ChannelTimes => "channel_times",
        /// `draft` or `schedule`.
        Action => "action",
        /// What an export says of a post, and an import does not read.
        Status => "status",
        /// The same.
        Permalink => "permalink",
    }
}

/// The columns in the order of the documentation.
pub const COLUMNS: &[Column] = Column::ALL;

/// What stands in a row, by column. Empty is the same as absent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cells {
    /// The key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub caption: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    media_ids: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    channels: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) local_time: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) time_zone: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) at: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) channel_times: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) action: String,
    /// Whether the row had another number of cells than the header.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    misfit: bool,
}

/// Without what stands there, which no log shall hold.
impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cells").finish_non_exhaustive()
    }
}

/// What a row asks for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) draft: Draft,
    pub(super) schedule: Option<Schedule>,
}

/// Collects what is wrong with a row.
#[derive(Default)]
pub(super) struct Faults(Vec<CellViolation>);

impl Faults {
    pub(super) fn report(&mut self, column: Column, code: &'static str, message: &str) {
        self.0.push(CellViolation::of(Some(column), code, message));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Cells {
    /// The cells of a row below this header.
    pub(super) fn of(columns: &[Column], texts: &[&str]) -> Self {
        let mut cells = Self { misfit: columns.len() != texts.len(), ..Self::default() };
        for (column, text) in columns.iter().zip(texts) {
            // A caption keeps its blanks: they may be meant.
            let text = if *column == Column::Caption { text } else { text.trim() };
            if let Some(cell) = cells.cell(*column) {
                said(text).clone_into(cell);
            }
        }
        cells
    }

    fn cell(&mut self, column: Column) -> Option<&mut String> {
        Some(match column {
            Column::Key => &mut self.key,
            Column::Caption => &mut self.caption,
            Column::Link => &mut self.link,
            Column::MediaIds => &mut self.media_ids,
            Column::Channels => &mut self.channels,
            Column::LocalTime => &mut self.local_time,
            Column::TimeZone => &mut self.time_zone,
            Column::At => &mut self.at,
            Column::ChannelTimes => &mut self.channel_times,
            Column::Action => &mut self.action,
            Column::Status | Column::Permalink => return None,
        })
    }

    /// Whether the row asks for publication.
    pub fn schedules(&self) -> bool {
        self.action == "schedule"
    }

    /// What the row means, or everything that is wrong with how it is written.
    pub(super) fn read(
        self,
        import: &Import,
        channels: &[NamedChannel],
    ) -> Result<Asked, Vec<CellViolation>> {
        if self.misfit {
            let message =
                "The row has another number of cells than the header; are commas in a text without quotes?";
            return Err(vec![CellViolation::of(None, "csv_cells_mismatch", message)]);
        }
        let mut faults = Faults::default();
        self.key(&mut faults);
        let link = self.link(&mut faults);
        let media = self.media(&mut faults);
        let mut targets = self.targets(channels, &mut faults);
        let schedule = self.when(import.time_zone, channels, &mut targets, &mut faults);
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        let content = Content { caption: self.caption, link, media };
        let (workspace, author) = (import.workspace, import.author);
        Ok(Asked {
            draft: Draft { workspace, content, targets, author, late_limit: None, fence: None },
            schedule,
        })
    }

    fn key(&self, faults: &mut Faults) {
        if self.key.is_empty() {
            faults.report(Column::Key, "required", "A row needs a key that no other row has.");
        } else if self.key.chars().count() > MAX_KEY {
            faults.report(Column::Key, "too_long", "A key has at most 255 characters.");
        }
    }

    fn link(&self, faults: &mut Faults) -> Option<Url> {
        if self.link.is_empty() {
            return None;
        }
        let is_link = |url: &Url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_LINK;
        let link = Url::parse(&self.link).ok().filter(is_link);
        if link.is_none() {
            let message = "A link begins with https:// or http:// and has at most 2048 characters.";
            faults.report(Column::Link, "link_invalid", message);
        }
        link
    }

    fn media(&self, faults: &mut Faults) -> Vec<Attachment> {
        let texts =
            self.media_ids.split(|c: char| c == ';' || c.is_whitespace()).filter(|text| !text.is_empty());
        let ids: Vec<Option<MediaId>> = texts.map(|text| text.parse().ok()).collect();
        if ids.len() > MAX_MEDIA {
            faults.report(Column::MediaIds, "media_too_many", "A row names at most 20 pictures.");
        }
        if ids.iter().any(Option::is_none) {
            faults.report(Column::MediaIds, "media_unknown", "The workspace has no such media.");
        }
        ids.into_iter().flatten().map(|media| Attachment { media, alt_text: None }).collect()
    }

    fn targets(&self, channels: &[NamedChannel], faults: &mut Faults) -> Vec<Target> {
        let texts = self.channels.split(';').map(str::trim).filter(|text| !text.is_empty());
        let mut targets = Vec::new();
        for text in texts {
            match channels::find(channels, text) {
                Ok(channel) => {
                    targets.push(Target { channel, change: Override::default(), time: TargetTime::Post });
                }
                Err(NotFound::Unknown) => {
                    faults.report(Column::Channels, "channel_unknown", "The workspace has no such channel.");
                }
                Err(NotFound::Ambiguous) => {
                    let message = "Several channels have this name; write the platform before it, or the id.";
                    faults.report(Column::Channels, "channel_ambiguous", message);
                }
            }
        }
        targets
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use zone::Tz;

    use super::*;
    use crate::{
        id::{ChannelId, ImportId},
        import::{Counts, ImportState},
        platform::Platform,
        post::Author,
    };
    use tenancy::{OrganizationId, PersonId, WorkspaceId};

    fn import(time_zone: Option<Tz>) -> Import {
        Import {
            id: ImportId::new(),
            organization: OrganizationId::new(),
            workspace: WorkspaceId::new(),
            state: ImportState::Running,
            reason: None,
            dry_run: false,
            time_zone,
            digest: String::new(),
            author: Author { person: PersonId::new(), api_key: None },
            session: None,
            schedules: true,
            counts: Counts::default(),
            created_at: Utc::now(),
            ended_at: None,
        }
    }

    fn read(cells: &[(Column, &str)]) -> Result<Asked, Vec<(String, String)>> {
        let (columns, texts): (Vec<_>, Vec<_>) = cells.iter().copied().unzip();
        let channel = |platform, name: &str| NamedChannel {
            id: ChannelId::new(),
            platform,
            name: name.into(),
            username: None,
        };
        let all = [channel(Platform::Facebook, "Harbour"), channel(Platform::Instagram, "Quay")];
        let read = Cells::of(&columns, &texts).read(&import(Some(Tz::known("Europe/Riga"))), &all);
        read.map_err(|all| all.into_iter().map(|wrong| (wrong.column.unwrap(), wrong.code)).collect())
    }

    fn fault(cells: &[(Column, &str)]) -> Vec<(String, String)> {
        let key = [(Column::Key, "a")];
        read(&[&key, cells].concat()).unwrap_err()
    }

    fn one(column: &str, code: &str) -> Vec<(String, String)> {
        vec![(column.into(), code.into())]
    }

    #[test]
    fn a_row_says_what_where_and_when() {
        let media = MediaId::new().to_string();
        let asked = read(&[
            (Column::Key, " spring-1 "),
            (Column::Caption, " As it is "),
            (Column::Channels, "harbour ; "),
            (Column::MediaIds, &media),
            (Column::LocalTime, "2027-03-01 09:30"),
            (Column::Action, "schedule"),
        ])
        .unwrap();
        assert_eq!(asked.draft.content.caption, " As it is ");
        assert_eq!((asked.draft.targets.len(), asked.draft.content.media.len()), (1, 1));
        let due = asked.schedule.unwrap().resolve();
        assert_eq!(due, "2027-03-01T07:30:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[test]
    fn every_cell_that_is_wrong_is_named() {
        assert_eq!(fault(&[(Column::Link, "ftp://example.org")]), one("link", "link_invalid"));
        assert_eq!(fault(&[(Column::MediaIds, "media_1")]), one("media_ids", "media_unknown"));
        assert_eq!(fault(&[(Column::Channels, "Elsewhere")]), one("channels", "channel_unknown"));
        assert_eq!(fault(&[(Column::Action, "publish")]), one("action", "not_allowed"));
        assert_eq!(fault(&[(Column::TimeZone, "Berlin")]), one("time_zone", "schedule_invalid"));
        assert_eq!(fault(&[(Column::LocalTime, "2027-02-30 09:30")]), one("local_time", "schedule_invalid"));
        assert_eq!(fault(&[(Column::LocalTime, "+12027-02-01 9:30")]), one("local_time", "schedule_invalid"));
        assert_eq!(fault(&[(Column::At, "tomorrow")]), one("at", "schedule_invalid"));
        assert_eq!(fault(&[(Column::Key, "")]).len(), 1);
        let both = [(Column::Link, "x"), (Column::At, "y"), (Column::Action, "schedule")];
        assert_eq!(fault(&both).len(), 2);
    }

    #[test]
    fn what_an_export_wrote_reads_as_it_was_meant() {
        let columns =
            [Column::Key, Column::Caption, Column::At, Column::Action, Column::Status, Column::Permalink];
        let texts = ["a", "'=1+1", "2020-01-01T09:30:00Z", "draft", "cancelled", "https://social.example/1"];
        let asked = Cells::of(&columns, &texts).read(&import(None), &[]).unwrap();
        assert_eq!(asked.draft.content.caption, "=1+1");
        assert!(asked.schedule.is_none());
        for (cell, meant) in [("''@x", "'@x"), ("'quoted'", "'quoted'"), ("'", "'"), ("-5", "-5")] {
            assert_eq!(said(cell), meant);
        }
    }

    #[test]
    fn a_time_goes_with_scheduling_and_with_nothing_else() {
        let at = (Column::At, "2027-03-01T09:30:00Z");
        assert_eq!(fault(&[at]), one("action", "schedule_invalid"));
        assert_eq!(fault(&[(Column::Action, "schedule")]), one("action", "schedule_invalid"));
        let both = [at, (Column::LocalTime, "2027-03-01 09:30"), (Column::Action, "schedule")];
        assert_eq!(fault(&both), one("at", "schedule_invalid"));
    }

    #[test]
    fn a_row_with_too_few_cells_is_no_row() {
        let cells = Cells::of(&[Column::Key, Column::Caption], &["a"]);
        let faults = cells.read(&import(None), &[]).unwrap_err();
        assert_eq!((faults[0].column.as_deref(), faults[0].code.as_str()), (None, "csv_cells_mismatch"));
    }

    #[test]
    fn channels_may_have_times_of_their_own_and_the_others_go_with_the_row() {
        let both = [(Column::Key, "a"), (Column::Channels, "Harbour;Quay"), (Column::Action, "schedule")];
        let asked = |more: &[(Column, &str)]| read(&[&both, more].concat()).unwrap();
        let times = |asked: &Asked| {
            let due = asked.draft.targets.iter().map(|target| match target.time {
                TargetTime::Post => asked.schedule.map(|at| at.resolve()),
                time => time.own().map(|at| at.resolve()),
            });
            due.map(|at| at.map(|at| at.format("%H:%M").to_string())).collect::<Vec<_>>()
        };
        let nine = (Column::LocalTime, "2027-03-01 09:00");
        let some = |texts: [&str; 2]| texts.map(|text| (!text.is_empty()).then(|| text.to_owned())).to_vec();
        let quay = asked(&[nine, (Column::ChannelTimes, "quay = 2027-03-01 10:00 Asia/Tokyo; ")]);
        assert_eq!(times(&quay), some(["07:00", "01:00"]));
        let each =
            asked(&[(Column::ChannelTimes, "Quay=2027-03-01T10:00:00Z;facebook:harbour=2027-03-01T11:00")]);
        assert_eq!((each.schedule, times(&each)), (None, some(["09:00", "10:00"])));
        let one = asked(&[nine, (Column::ChannelTimes, "Quay=unplanned")]);
        assert_eq!(times(&one), some(["07:00", ""]));
    }

    #[test]
    fn what_is_wrong_with_the_time_of_a_channel_is_told() {
        let both = [(Column::Channels, "Harbour;Quay"), (Column::Action, "schedule")];
        let own = |text| fault(&[&both[..], &[(Column::ChannelTimes, text)]].concat());
        for text in
            ["Quay", "Quay=", "Quay=soon", "Quay=2027-03-01T10:00:00Z", "Quay=unplanned;Harbour=unplanned"]
        {
            assert_eq!(own(text), one("channel_times", "schedule_invalid"), "{text}");
        }
        assert_eq!(own("Pier=2027-03-01T10:00:00Z"), one("channel_times", "channel_unknown"));
        let twice = "Quay=2027-03-01T10:00:00Z;quay=2027-03-01T11:00:00Z";
        assert_eq!(own(twice), one("channel_times", "channel_repeated"));
        let idle = [both[0], (Column::ChannelTimes, "Quay=2027-03-01T10:00:00Z")];
        assert_eq!(fault(&idle), one("action", "schedule_invalid"));
    }
}
