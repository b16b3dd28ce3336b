//! What a fault does, and how the admin API spells it.

use poem_openapi::{Enum, Object};

use crate::graph::error::GraphError;

/// The names of the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum EffectKind {
    /// Executes the call, then closes the connection without an answer.
    ExecuteThenDrop,
    /// Executes the call, then answers an error (`status`, `code`, `subcode`, `message`).
    ExecuteThenError,
    /// Refuses before execution (`status`, `code`, `subcode`, `message`, `transient`).
    Refuse,
    /// Closes the connection before execution.
    Drop,
    /// Waits `ms` before execution.
    DelayMs,
    /// Never answers and never executes.
    Hang,
    /// What the call creates appears in lists only after `ms`.
    LagMs,
    /// Executes (unless `execute` is false), then answers something that is no answer (`body`).
    Malformed,
    /// Invalidates the token of the call; it and all later calls answer 190/460 (or `subcode`).
    RevokeToken,
    /// Adds usage headers: `percent` used, `regain_minutes` until access comes back.
    UsageHeaders,
    /// Shows and enforces this quota: `used` of `total`.
    Quota,
    /// The container needs this many `polls` more.
    ContainerInProgress,
    /// The container has failed with `subcode`.
    ContainerError,
    /// The container has expired.
    ContainerExpired,
    /// The staged photos or the container that the call makes or names are gone.
    Vanish,
}

/// What a malformed answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum MalformedBody {
    /// Status 502 with an HTML page.
    Html502,
    /// Status 200 with JSON that stops in the middle.
    TruncatedJson,
    /// Status 200 without a body.
    Empty,
}

/// An effect with its values; values that the kind does not use are refused.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Effect", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct EffectSpec {
    /// Which effect.
    pub(crate) kind: EffectKind,
    /// HTTP status; derived from the code when absent.
    pub(crate) status: Option<u16>,
    /// Graph error code.
    pub(crate) code: Option<i64>,
    /// Graph error subcode.
    pub(crate) subcode: Option<u64>,
    /// Error message.
    pub(crate) message: Option<String>,
    /// `is_transient`.
    pub(crate) transient: Option<bool>,
    /// Milliseconds.
    pub(crate) ms: Option<u64>,
    /// Shape of a malformed answer.
    pub(crate) body: Option<MalformedBody>,
    /// Whether a malformed answer comes after execution; yes by default.
    pub(crate) execute: Option<bool>,
    /// Percent of the limit that is used.
    pub(crate) percent: Option<u32>,
    /// Minutes until access comes back.
    pub(crate) regain_minutes: Option<u32>,
    /// Quota used.
    pub(crate) used: Option<u32>,
    /// Quota in all.
    pub(crate) total: Option<u32>,
    /// Looks until a container is ready.
    pub(crate) polls: Option<u32>,
}

/// What a fault does.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    ExecuteThenDrop,
    ExecuteThenError(GraphError),
    Refuse(GraphError),
    Drop,
    Delay { ms: u64 },
    Hang,
    Lag { ms: u64 },
    Malformed { body: MalformedBody, execute: bool },
    RevokeToken { subcode: u64 },
    Usage { percent: u32, regain_minutes: u32 },
    Quota { used: u32, total: u32 },
    ContainerInProgress { polls: u32 },
    ContainerError { subcode: u64 },
    ContainerExpired,
    Vanish,
}

impl Effect {
    /// Whether the call has no normal answer any more.
    pub(crate) fn ends_the_call(&self) -> bool {
        matches!(
            self,
            Self::ExecuteThenDrop
                | Self::ExecuteThenError(_)
                | Self::Refuse(_)
                | Self::Drop
                | Self::Hang
                | Self::Malformed { .. }
                | Self::RevokeToken { .. }
        )
    }

    /// The name in the admin API.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ExecuteThenDrop => "execute_then_drop",
            Self::ExecuteThenError(_) => "execute_then_error",
            Self::Refuse(_) => "refuse",
            Self::Drop => "drop",
            Self::Delay { .. } => "delay_ms",
            Self::Hang => "hang",
            Self::Lag { .. } => "lag_ms",
            Self::Malformed { .. } => "malformed",
            Self::RevokeToken { .. } => "revoke_token",
            Self::Usage { .. } => "usage_headers",
            Self::Quota { .. } => "quota",
            Self::ContainerInProgress { .. } => "container_in_progress",
            Self::ContainerError { .. } => "container_error",
            Self::ContainerExpired => "container_expired",
            Self::Vanish => "vanish",
        }
    }
}

impl EffectSpec {
    /// Names of the values that were given.
    fn given(&self) -> Vec<&'static str> {
        let values = [
            ("status", self.status.is_some()),
            ("code", self.code.is_some()),
            ("subcode", self.subcode.is_some()),
            ("message", self.message.is_some()),
            ("transient", self.transient.is_some()),
            ("ms", self.ms.is_some()),
            ("body", self.body.is_some()),
            ("execute", self.execute.is_some()),
            ("percent", self.percent.is_some()),
            ("regain_minutes", self.regain_minutes.is_some()),
            ("used", self.used.is_some()),
            ("total", self.total.is_some()),
            ("polls", self.polls.is_some()),
        ];
        values.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
    }

    /// The effect, or what is wrong with the description.
    pub(crate) fn effect(&self) -> Result<Effect, String> {
        let (required, optional) = values_of(self.kind);
        let given = self.given();
        if let Some(missing) = required.iter().find(|name| !given.contains(name)) {
            return Err(format!("effect: `{missing}` is required for this kind"));
        }
        if let Some(extra) = given.iter().find(|name| !required.contains(name) && !optional.contains(name)) {
            return Err(format!("effect: `{extra}` means nothing for this kind"));
        }
        Ok(self.build())
    }

    fn build(&self) -> Effect {
        let ms = self.ms.unwrap_or(0);
        match self.kind {
            EffectKind::ExecuteThenDrop => Effect::ExecuteThenDrop,
            EffectKind::ExecuteThenError => Effect::ExecuteThenError(self.error()),
            EffectKind::Refuse => Effect::Refuse(self.error()),
            EffectKind::Drop => Effect::Drop,
            EffectKind::DelayMs => Effect::Delay { ms },
            EffectKind::Hang => Effect::Hang,
            EffectKind::LagMs => Effect::Lag { ms },
            EffectKind::Malformed => Effect::Malformed {
                body: self.body.unwrap_or(MalformedBody::Html502),
                execute: self.execute.unwrap_or(true),
            },
            EffectKind::RevokeToken => Effect::RevokeToken { subcode: self.subcode.unwrap_or(460) },
            EffectKind::UsageHeaders => Effect::Usage {
                percent: self.percent.unwrap_or(100),
                regain_minutes: self.regain_minutes.unwrap_or(0),
            },
            EffectKind::Quota => {
                Effect::Quota { used: self.used.unwrap_or(0), total: self.total.unwrap_or(0) }
            }
            EffectKind::ContainerInProgress => Effect::ContainerInProgress { polls: self.polls.unwrap_or(1) },
            EffectKind::ContainerError => {
                Effect::ContainerError { subcode: self.subcode.unwrap_or(2_207_026) }
            }
            EffectKind::ContainerExpired => Effect::ContainerExpired,
            EffectKind::Vanish => Effect::Vanish,
        }
    }

    fn error(&self) -> GraphError {
        let code = self.code.unwrap_or(1);
        let message = self.message.clone().unwrap_or_else(|| format!("(#{code}) Scripted by the sandbox"));
        let mut error = GraphError::new(code, message);
        error.subcode = self.subcode;
        error.transient = self.transient;
        error.status = self.status.unwrap_or(error.status);
        error
    }
}

/// Required and optional values of each kind.
fn values_of(kind: EffectKind) -> (&'static [&'static str], &'static [&'static str]) {
    const ERROR: &[&str] = &["status", "subcode", "message", "transient"];
    match kind {
        EffectKind::ExecuteThenError | EffectKind::Refuse => (&["code"], ERROR),
        EffectKind::DelayMs | EffectKind::LagMs => (&["ms"], &[]),
        EffectKind::Malformed => (&["body"], &["execute"]),
        EffectKind::RevokeToken | EffectKind::ContainerError => (&[], &["subcode"]),
        EffectKind::UsageHeaders => (&["percent"], &["regain_minutes"]),
        EffectKind::Quota => (&["used", "total"], &[]),
        EffectKind::ContainerInProgress => (&["polls"], &[]),
        _ => (&[], &[]),
    }
}
