//! The queue, seen from a post: it waits for the next free slot of each channel.

use scheduling::queue::Place;
use tenancy::{Caller, Scope};

use super::{Post, PostError, PostView, Posts, TargetTime, Violation};
use crate::id::{ChannelId, PostId};

impl Posts {
    /// Plans a post for the next free slot of channels, of all of its channels if none are named. Like scheduling this is the
    /// approval of its content. What is planned elsewhere stays as it is; what is not stays unplanned.
    pub async fn enqueue(
        &self,
        caller: &Caller,
        id: PostId,
        place: Place,
        channels: Option<&[ChannelId]>,
    ) -> Result<PostView, PostError> {
        caller.may(Scope::PostsPublish)?;
        let view = self.store.get(caller, id).await?;
        let named = |channel: &ChannelId| channels.is_none_or(|named| named.contains(channel));
        let waits = |p: &crate::publication::Publication| {
            p.queued && p.state.can_be_taken_back() && named(&p.channel)
        };
        if view.publications.iter().any(waits) {
            return Err(PostError::AlreadyQueued);
        }
        let mut post = view.post;
        known(&post, channels.unwrap_or_default())?;
        for target in &mut post.targets {
            if named(&target.channel) {
                target.time = TargetTime::Queued(place);
            } else if !post.scheduled {
                target.time = TargetTime::Unplanned;
            }
        }
        // A time that nothing keeps would only come back for channels that are added later.
        post.schedule =
            post.schedule.filter(|_| post.targets.iter().any(|target| target.time == TargetTime::Post));
        self.approve(caller, post).await
    }
}

/// Refuses channels that the post does not name.
fn known(post: &Post, channels: &[ChannelId]) -> Result<(), PostError> {
    let unknown =
        channels.iter().enumerate().filter(|(_, one)| !post.targets.iter().any(|t| t.channel == **one));
    let violations: Vec<_> = unknown
        .map(|(n, _)| {
            Violation::new(format!("/channels/{n}"), "channel_unknown", "The post does not name the channel.")
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(PostError::Invalid(violations)) }
}
