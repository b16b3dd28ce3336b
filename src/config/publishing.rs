//! How publications are worked off.

use std::time::Duration;

use publishing::{
    preflight::Leads,
    timing::{Timing, UnsafeTiming},
};

use super::reader::Reader;

/// Workers and their patience.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Publishing {
    /// Publications that one process has in hand at most.
    pub(crate) concurrency: usize,
    /// The pauses of the protocol, checked against each other.
    pub(crate) timing: Timing,
    /// When publications are looked at before their time.
    pub(crate) preflight: Leads,
    /// How long before its time an occurrence of a series becomes a post.
    pub(crate) series_horizon: Duration,
}

impl Publishing {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let concurrency = reader.within("worker_concurrency", 1..=100_000);
        let timing = timing(reader);
        let longest = Duration::from_hours(365 * 24);
        let series_horizon = reader.within("series_horizon", Duration::from_hours(1)..=longest);
        if let Some(Err(unsafe_timing)) = timing.map(Timing::check) {
            let name = match unsafe_timing {
                UnsafeTiming::PermitTooEarly => "publish_permit_lead",
                UnsafeTiming::LookTooEarly => "publish_settle_definite",
            };
            reader.refuse(name, unsafe_timing.to_string());
        }
        let preflight = preflight(reader);
        Some(Self {
            concurrency: concurrency?,
            timing: timing?,
            preflight: preflight?,
            series_horizon: series_horizon?,
        })
    }
}

fn preflight(reader: &Reader<'_>) -> Option<Leads> {
    let lead = |name| reader.within(name, Duration::from_mins(2)..=Duration::from_hours(14 * 24));
    let (early, late) = (lead("preflight_early")?, lead("preflight_late")?);
    if late > early {
        reader.refuse("preflight_late", "is longer than preflight_early: the late look would come first");
    }
    Some(Leads { early, late })
}

fn timing(reader: &Reader<'_>) -> Option<Timing> {
    let time = |name| reader.within(name, Duration::from_millis(1)..=Duration::from_hours(24));
    let picture_lead = time("publish_picture_lead");
    let permit_lead = reader.value("publish_permit_lead");
    let send_window = time("publish_send_window");
    let publish_timeout = time("publish_timeout");
    let lease = time("publish_lease");
    let check_pause = time("publish_check_pause");
    let look_pause = time("publish_look_pause");
    let settle = time("publish_settle");
    let settle_definite = time("publish_settle_definite");
    let look_deadline = time("publish_look_deadline");
    let max_backoff = time("publish_max_backoff");
    Some(Timing {
        picture_lead: picture_lead?,
        permit_lead: permit_lead?,
        send_window: send_window?,
        publish_timeout: publish_timeout?,
        lease: lease?,
        check_pause: check_pause?,
        look_pause: look_pause?,
        settle: settle?,
        settle_definite: settle_definite?,
        look_deadline: look_deadline?,
        follow_up_pause: Timing::default().follow_up_pause,
        max_backoff: max_backoff?,
    })
}
