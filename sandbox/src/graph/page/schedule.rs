//! Native scheduling, which the sandbox has not: every way to ask for it is refused, so that nothing that was meant for
//! later becomes public at once. What Meta refuses as well comes first
//! (<https://developers.facebook.com/docs/pages-api/posts>).

use crate::clock::{self, DAY, SECOND};
use crate::graph::error::{GraphError, missing};
use crate::graph::scene::Scene;

/// Meta takes times from ten minutes ahead on.
const SOONEST: i64 = 600 * SECOND;
/// And up to 75 days by the reference of `/feed`; the guide says 30.
const LATEST: i64 = 75 * DAY;

/// What `unpublished_content_type` may be.
const KINDS: [&str; 8] = [
    "SCHEDULED",
    "SCHEDULED_RECURRING",
    "DRAFT",
    "ADS_POST",
    "INLINE_CREATED",
    "PUBLISHED",
    "PUBLISH_PENDING",
    "REVIEWABLE_BRANDED_CONTENT",
];

/// Refuses a call that asks for a later time.
pub(crate) fn refuse(scene: &Scene) -> Result<(), GraphError> {
    let kind = scene.param("unpublished_content_type");
    if kind.is_some_and(|kind| !KINDS.contains(&kind)) {
        let kinds = KINDS.join(", ");
        return Err(GraphError::new(
            100,
            format!("(#100) Param unpublished_content_type must be one of {{{kinds}}}"),
        ));
    }
    let Some(time) = scene.param("scheduled_publish_time") else {
        let later = kind.is_some_and(|kind| kind.starts_with("SCHEDULED"));
        return if later { Err(missing("scheduled_publish_time")) } else { Ok(()) };
    };
    let ahead = clock::parse(time).map(|time| time - scene.now);
    let message = if !ahead.is_some_and(|ahead| (SOONEST..=LATEST).contains(&ahead)) {
        "(#100) The specified scheduled publish time is invalid."
    } else if scene.call.params.flag("published") != Some(false) {
        "(#100) You cannot specify a scheduled publish time on a published post"
    } else {
        "(#100) The sandbox does not schedule: leave out scheduled_publish_time"
    };
    Err(GraphError::new(100, message))
}
