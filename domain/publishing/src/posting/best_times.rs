//! The hours at which earlier posts did best, as far as anybody knows.

use async_trait::async_trait;
use scheduling::best_times::{FEWEST_SAMPLES, Sample, Suggestion, suggest};
use tenancy::{Caller, Scope};
use zone::Tz;

use super::Posting;
use crate::{id::ChannelId, post::PostError};

/// How published posts did.
#[async_trait]
pub trait Insights: Send + Sync {
    /// What is known about the posts of a channel, the newest [`scheduling::best_times::MOST_SAMPLES`] at most.
    async fn samples(&self, caller: &Caller, channel: ChannelId) -> Result<Vec<Sample>, PostError>;
}

/// What is suggested for a channel, and why not more.
#[derive(Debug, Clone, PartialEq)]
pub struct BestTimes {
    /// The zone whose hours are meant.
    pub zone: Tz,
    /// The hours that did better than usual, best first.
    pub suggestions: Vec<Suggestion>,
    /// What they rest on, in a sentence.
    pub basis: String,
}

impl Posting {
    /// The hours at which a channel's posts did better than usual.
    pub async fn best_times(&self, caller: &Caller, channel: ChannelId) -> Result<BestTimes, PostError> {
        caller.may(Scope::PostsRead)?;
        let zone = self.store.channel(caller, channel).await?.effective.zone;
        let samples = self.insights.samples(caller, channel).await?;
        let suggestions = suggest(&samples, zone);
        Ok(BestTimes { zone, basis: basis(samples.len(), suggestions.len()), suggestions })
    }
}

fn basis(samples: usize, suggestions: usize) -> String {
    match (samples, suggestions) {
        (0, _) => "No insights of this channel's posts are stored yet, so nothing is suggested.".to_owned(),
        (samples, 0) if samples < FEWEST_SAMPLES => {
            format!("{samples} posts with insights are too few: at least {FEWEST_SAMPLES} are needed.")
        }
        (samples, 0) => {
            format!("Of {samples} posts with insights no hour did so much better that it was hardly luck.")
        }
        (samples, _) => {
            format!("Rests on {samples} posts with insights; it shows what went together, not why.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_gets_no_suggestion_is_told_why() {
        assert!(basis(0, 0).contains("No insights"));
        assert!(basis(29, 0).contains("at least 30"));
        assert!(basis(30, 0).contains("no hour"));
        assert!(basis(50, 1).contains("50 posts"));
    }
}
