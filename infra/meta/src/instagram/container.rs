//! What a container says of itself, which is the truth about the call that publishes it.

use chrono::TimeDelta;
use publishing::{
    publisher::Work,
    refusal::{PlatformCode, Refusal, Remedy},
};
use serde::Deserialize;

use crate::{
    Meta, call::Call, decode, error::meaning_of_subcode, failure::Failure, publisher::PREPARATION_LOST,
};

/// Meta sometimes says of new containers that they do not exist. From this age on it is believed.
const YOUNG: TimeDelta = TimeDelta::minutes(10);

/// What a container says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// The pictures are still fetched or processed.
    InProgress,
    /// It can be published, and has not been.
    Finished,
    /// It is public.
    Published,
    /// It was not published within a day.
    Expired,
    /// It cannot be published.
    Failed(Refusal),
}

#[derive(Deserialize)]
struct ContainerAnswer {
    #[serde(default, deserialize_with = "decode::text")]
    status_code: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    status: Option<String>,
}

/// Asks a container.
pub(super) async fn status(meta: &Meta, work: &Work, container: &str) -> Result<Status, Failure> {
    let path = [container];
    let query = [("fields", "status_code,status")];
    let call = Call::get("container_status", &path).query(&query);
    let answer: ContainerAnswer = meta.graph.send(call.on(&work.remote_channel).token(&work.token)).await?;
    let unreadable = PlatformCode { status: Some(200), ..PlatformCode::default() };
    answer.read().ok_or(Failure::Unanswered(unreadable))
}

impl ContainerAnswer {
    /// Meta leaves the code empty at times; then the text's first word says the same.
    fn read(&self) -> Option<Status> {
        let text = self.status.as_deref().unwrap_or_default();
        let word = text.split(':').next().unwrap_or_default();
        match self.status_code.as_deref().unwrap_or(word) {
            "IN_PROGRESS" | "In Progress" => Some(Status::InProgress),
            "FINISHED" | "Finished" => Some(Status::Finished),
            "PUBLISHED" | "Published" => Some(Status::Published),
            "EXPIRED" | "Expired" => Some(Status::Expired),
            "ERROR" | "Error" => Some(Status::Failed(failed(text))),
            _ => None,
        }
    }
}

/// A failed container: the text ends in Instagram's subcode, or names none, and then a new container may do better.
fn failed(text: &str) -> Refusal {
    let subcode = text.rsplit(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok());
    let mut refusal = subcode
        .and_then(meaning_of_subcode)
        .map_or(PREPARATION_LOST, |meaning| Refusal::of(meaning.reason, meaning.remedy));
    if refusal.remedy == Remedy::Retry {
        // Asking the same container again changes nothing.
        refusal.remedy = Remedy::PrepareAgain;
    }
    refusal.code.subcode = subcode;
    refusal
}

/// Whether the preparation is so new that Meta may not know it everywhere yet.
pub(super) fn is_young(meta: &Meta, work: &Work) -> bool {
    work.handles.since.is_none_or(|since| meta.clock.now() - since < YOUNG)
}
