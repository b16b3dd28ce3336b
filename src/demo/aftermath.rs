//! What an earlier run left in mid-air: calls whose answers nobody heard, because the program was killed.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{account::Member, client::Page, trouble::Trouble, voice::Voice};

/// How long the demo waits until such a call has certainly ended. Longer than permit lead, send window and timeout together.
const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// A call is, or may be, under way. Nothing else is sent on that channel.
const UNDER_WAY: &str = "/v1/publications?limit=100&state=publishing";
/// The call has ended, and nobody knows how.
const UNCONFIRMED: &str = "/v1/publications?limit=100&state=unconfirmed";

#[derive(Deserialize)]
struct Publication {
    needs_person: bool,
}

/// Waits until the channels are free again: one channel publishes one post at a time.
pub(super) async fn settle(member: &Member, voice: Voice) -> Result<(), Trouble> {
    let open = list(member, UNDER_WAY).await?.len();
    if open > 0 {
        let what = format!(
            "the last run was killed while it published on {open} channels: waiting for the end of its calls"
        );
        voice.during(&what, until_free(member)).await?;
    }
    let unconfirmed = list(member, UNCONFIRMED).await?;
    let (asked, looking): (Vec<_>, Vec<_>) = unconfirmed.iter().partition(|one| one.needs_person);
    if !looking.is_empty() {
        let number = looking.len();
        voice.say(&format!("{number} publications of an earlier run are unconfirmed: nothing is sent again before Postern knows"));
    }
    if !asked.is_empty() {
        voice.say(&format!("{} wait for a person: GET /v1/publications?needs_person=true", asked.len()));
    }
    Ok(())
}

async fn until_free(member: &Member) -> Result<(), Trouble> {
    let began = Instant::now();
    while !list(member, UNDER_WAY).await?.is_empty() && began.elapsed() < PATIENCE {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn list(member: &Member, path: &str) -> Result<Vec<Publication>, Trouble> {
    Ok(member.client.get::<Page<Publication>>(path).await?.data)
}
