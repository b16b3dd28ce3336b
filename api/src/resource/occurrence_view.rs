//! Occurrences of series, as they are asked for and shown.

use poem_openapi::{Object, types::MaybeUndefined};
use publishing::{
    content::Override,
    id::Post as PostTag,
    series::{OccurrenceEdit, OccurrenceView},
};

use super::{
    content::{Attachment, attachments, link},
    series_view::{time, wrong},
};
use crate::{
    problem::{Pointer, Problem},
    value::{Id, Instant, Link, LocalTime, OccurrenceStateName, PostStatusName},
};

/// What changes about one occurrence. What is absent stays. Either `skip` or `restore`, or the other members.
#[derive(Object)]
pub(super) struct OccurrencePatch {
    /// `true`: it does not take place. `false`: it takes place again.
    skip: Option<bool>,
    /// `true`: it is again as the series has it, at its original time; a deleted post is made again.
    restore: Option<bool>,
    /// Another wall-clock time, in the zone of the series. It is still known by its original one.
    local_time: Option<LocalTime>,
    /// Another text.
    #[oai(validator(max_length = 100_000))]
    caption: Option<String>,
    /// Another link; `null` means none.
    #[oai(nullable)]
    link: MaybeUndefined<Link>,
    /// Other pictures.
    #[oai(validator(max_items = 20))]
    media: Option<Vec<Attachment>>,
}

/// One occurrence of a series.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Occurrence {
    /// By what it is known, wherever it was moved to: the wall-clock time that the rule gives it.
    original_local_time: LocalTime,
    /// The wall-clock time at which its post is due, where it has one, at which it takes place, or would if it were not skipped; in
    /// the zone of the series.
    local_time: LocalTime,
    /// The instant this means.
    due_at: Instant,
    /// What became of it.
    state: OccurrenceStateName,
    /// What its post says, where it has one, or what the series has it say; apart from what differs per channel. Absent where it is
    /// skipped.
    caption: Option<String>,
    /// Its post, if it has one.
    post_id: Option<Id<PostTag>>,
    /// Where that post stands: a `cancelled` one does not go out.
    post_status: Option<PostStatusName>,
    /// Whether somebody changed, moved or took back that post by hand, so that it does not follow its series any more.
    edited_by_hand: bool,
}

impl OccurrencePatch {
    /// The change that is meant.
    pub(super) fn read(self) -> Result<OccurrenceEdit, Problem> {
        let local = self.local_time.map(|text| time(&text, Pointer::to("local_time"))).transpose()?;
        let content =
            Override { caption: self.caption, link: link(self.link), media: self.media.map(attachments) };
        let changes = local.is_some() || content != Override::default();
        match (self.skip, self.restore) {
            (Some(true), None | Some(false)) if !changes => Ok(OccurrenceEdit::Skip),
            (None | Some(false), Some(true)) if !changes => Ok(OccurrenceEdit::Restore),
            (None | Some(false), None | Some(false)) => Ok(OccurrenceEdit::Change { local, content }),
            (skip, _) => {
                let member = if skip == Some(true) { "skip" } else { "restore" };
                let detail = "Give either `skip` or `restore`, or what changes.";
                Err(wrong(Pointer::to(member), "occurrence_change_unclear", detail))
            }
        }
    }
}

impl From<OccurrenceView> for Occurrence {
    fn from(view: OccurrenceView) -> Self {
        Self {
            original_local_time: view.original.into(),
            local_time: view.local.into(),
            due_at: view.due.into(),
            state: OccurrenceStateName(view.state),
            caption: view.caption,
            post_id: view.post.map(Into::into),
            post_status: view.post_status.map(PostStatusName),
            edited_by_hand: view.edited_by_hand,
        }
    }
}
