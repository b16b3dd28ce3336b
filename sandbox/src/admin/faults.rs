//! Scripting faults.

use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::reply::{Done, Refusal, Reply, done, id};
use crate::faults::Fault;
use crate::faults::effect::EffectSpec;
use crate::graph::endpoint::Endpoint;
use crate::shared::Shared;

/// Scripts faults.
pub(super) struct Script(pub(super) Arc<Shared>);

/// A fault to script.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewFault {
    /// Which endpoint it meets; `any` meets all.
    endpoint: Endpoint,
    /// Only calls about this Page, account or person.
    account: Option<String>,
    /// How many matching calls pass unharmed first.
    #[oai(default)]
    skip: u32,
    /// How many calls it meets; 0 means until it is cleared.
    #[oai(default = "once")]
    count: u32,
    /// What it does.
    effect: EffectSpec,
}

fn once() -> u32 {
    1
}

/// A fault that was scripted.
#[derive(Object)]
struct MadeFault {
    /// Its id.
    id: u64,
}

/// A fault that waits for calls.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ActiveFault {
    /// Its id.
    id: u64,
    /// Which endpoint it meets.
    endpoint: Endpoint,
    /// Only calls about this Page, account or person.
    account: Option<String>,
    /// How many matching calls still pass unharmed.
    skip: u32,
    /// How many calls it still meets; absent means until it is cleared.
    remaining: Option<u32>,
    /// The name of its effect.
    effect: String,
}

/// The active faults.
#[derive(Object)]
struct ActiveFaults {
    /// Oldest first; used-up faults are gone.
    faults: Vec<ActiveFault>,
}

#[OpenApi]
impl Script {
    /// Scripts a fault.
    #[oai(path = "/faults", method = "post", operation_id = "create_fault")]
    async fn create(&self, new: Json<NewFault>) -> Reply<MadeFault> {
        let NewFault { endpoint, account, skip, count, effect } = new.0;
        let account = account.as_deref().map(id).transpose()?;
        let effect = effect.effect().map_err(Refusal::invalid)?;
        let remaining = Some(count).filter(|count| *count > 0);
        let id = self.0.faults.add(Fault { id: 0, endpoint, account, skip, remaining, effect });
        Ok(Json(MadeFault { id }))
    }

    /// The active faults.
    #[oai(path = "/faults", method = "get", operation_id = "list_faults")]
    async fn list(&self) -> Json<ActiveFaults> {
        let faults = self.0.faults.list().into_iter().map(|fault| ActiveFault {
            id: fault.id,
            endpoint: fault.endpoint,
            account: fault.account.map(|id| id.to_string()),
            skip: fault.skip,
            remaining: fault.remaining,
            effect: fault.effect.name().to_owned(),
        });
        Json(ActiveFaults { faults: faults.collect() })
    }

    /// Clears all faults.
    #[oai(path = "/faults", method = "delete", operation_id = "clear_faults")]
    async fn clear(&self) -> Json<Done> {
        self.0.faults.clear();
        done()
    }

    /// Clears one fault.
    #[oai(path = "/faults/:fault_id", method = "delete", operation_id = "delete_fault")]
    async fn delete(&self, fault_id: Path<u64>) -> Reply<Done> {
        if self.0.faults.remove(fault_id.0) { Ok(done()) } else { Err(Refusal::unknown("fault", fault_id.0)) }
    }
}
