//! What faults make of one call.

use super::effect::{Effect, MalformedBody};
use crate::graph::error::GraphError;
use crate::world::container::Progress;

/// How a call ends when it does not end normally.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The connection closes; nothing was executed.
    Drop,
    /// Nothing ever happens.
    Hang,
    /// An error; nothing was executed.
    Refuse(GraphError),
    /// The token is invalidated first.
    RevokeToken(u64),
    /// Executed, then the connection closes.
    ExecuteThenDrop,
    /// Executed, then this error.
    ExecuteThenError(GraphError),
    /// Executed or not, then nonsense.
    Malformed(MalformedBody, bool),
}

impl End {
    /// Whether the call is executed all the same.
    pub(crate) fn executes(&self) -> bool {
        match self {
            Self::ExecuteThenDrop | Self::ExecuteThenError(_) | Self::RevokeToken(_) => true,
            Self::Malformed(_, execute) => *execute,
            _ => false,
        }
    }
}

/// What faults make of one call; the default is nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Twist {
    /// Names of the effects, for the call log.
    pub(crate) names: Vec<&'static str>,
    /// Milliseconds to wait before execution.
    pub(crate) delay_ms: u64,
    /// Milliseconds until lists show what the call creates.
    pub(crate) lag_ms: u64,
    /// Percent used, minutes until access comes back.
    pub(crate) usage: Option<(u32, u32)>,
    /// Quota used, in all.
    pub(crate) quota: Option<(u32, u32)>,
    /// What becomes of the container the call makes or names.
    pub(crate) container: Option<Progress>,
    /// Whether the staged photos or the container that the call makes or names are gone.
    pub(crate) vanish: bool,
    pub(crate) end: Option<End>,
}

impl Twist {
    /// Adds an effect.
    pub(crate) fn bend(&mut self, effect: &Effect) {
        self.names.push(effect.name());
        match effect {
            Effect::Delay { ms } => self.delay_ms += ms,
            Effect::Lag { ms } => self.lag_ms = self.lag_ms.max(*ms),
            Effect::Usage { percent, regain_minutes } => self.usage = Some((*percent, *regain_minutes)),
            Effect::Quota { used, total } => self.quota = Some((*used, *total)),
            Effect::ContainerInProgress { polls } => self.container = Some(Progress::Building(*polls)),
            Effect::ContainerError { subcode } => self.container = Some(Progress::Failed(*subcode)),
            Effect::ContainerExpired => self.container = Some(Progress::Expired),
            Effect::Vanish => self.vanish = true,
            Effect::ExecuteThenDrop => self.end = Some(End::ExecuteThenDrop),
            Effect::ExecuteThenError(error) => self.end = Some(End::ExecuteThenError(error.clone())),
            Effect::Refuse(error) => self.end = Some(End::Refuse(error.clone())),
            Effect::Drop => self.end = Some(End::Drop),
            Effect::Hang => self.end = Some(End::Hang),
            Effect::Malformed { body, execute } => self.end = Some(End::Malformed(*body, *execute)),
            Effect::RevokeToken { subcode } => self.end = Some(End::RevokeToken(*subcode)),
        }
    }

    /// Whether the call is executed.
    pub(crate) fn executes(&self) -> bool {
        self.end.as_ref().is_none_or(End::executes)
    }

    /// The lag as a signed number, for adding to times.
    pub(crate) fn lag(&self) -> i64 {
        i64::try_from(self.lag_ms).unwrap_or(i64::MAX / 4)
    }
}
