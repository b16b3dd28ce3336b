//! How posts did: no table keeps that yet.

use async_trait::async_trait;
use publishing::{id::ChannelId, post::PostError, posting::Insights};
use scheduling::best_times::Sample;
use tenancy::Caller;

/// Answers from what is stored, which is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoInsights;

#[async_trait]
impl Insights for NoInsights {
    async fn samples(&self, _: &Caller, _: ChannelId) -> Result<Vec<Sample>, PostError> {
        Ok(Vec::new())
    }
}
