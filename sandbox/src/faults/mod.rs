//! Scripted faults: which call meets which effect, how often.

pub(crate) mod effect;
pub(crate) mod twist;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use effect::Effect;
use twist::Twist;

use crate::graph::endpoint::Endpoint;
use crate::world::Id;

/// A fault that waits for calls.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    /// `Any` meets every call.
    pub(crate) endpoint: Endpoint,
    /// Page, account or person; `None` meets all.
    pub(crate) account: Option<Id>,
    /// Matching calls that pass unharmed first.
    pub(crate) skip: u32,
    /// How many calls it still meets; `None` until it is cleared.
    pub(crate) remaining: Option<u32>,
    pub(crate) effect: Effect,
}

impl Fault {
    fn matches(&self, endpoint: Endpoint, account: Option<Id>) -> bool {
        (self.endpoint == Endpoint::Any || self.endpoint == endpoint)
            && self.account.is_none_or(|wanted| account == Some(wanted))
    }

    /// Uses the fault up by one call; false while it still lets calls pass.
    fn strike(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if let Some(left) = &mut self.remaining {
            *left = left.saturating_sub(1);
        }
        true
    }
}

#[derive(Default)]
struct Script {
    faults: Vec<Fault>,
    next: u64,
}

/// The active faults.
#[derive(Default)]
pub(crate) struct Faults {
    /// How many are active, so that the usual call need not take the lock.
    active: AtomicUsize,
    script: Mutex<Script>,
}

impl Faults {
    /// Adds a fault and returns its id.
    pub(crate) fn add(&self, mut fault: Fault) -> u64 {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.next += 1;
        fault.id = script.next;
        script.faults.push(fault);
        self.active.store(script.faults.len(), Ordering::Release);
        script.next
    }

    /// What happens to this call. Every matching fault that only bends a call applies; of those that end a call
    /// only the oldest does, the others wait for the next call.
    pub(crate) fn meet(&self, endpoint: Endpoint, account: Option<Id>) -> Twist {
        let mut twist = Twist::default();
        if self.active.load(Ordering::Acquire) == 0 {
            return twist;
        }
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in script.faults.iter_mut().filter(|fault| fault.matches(endpoint, account)) {
            if fault.effect.ends_the_call() && twist.end.is_some() {
                continue;
            }
            if fault.strike() {
                twist.bend(&fault.effect);
            }
        }
        script.faults.retain(|fault| fault.remaining != Some(0));
        self.active.store(script.faults.len(), Ordering::Release);
        twist
    }

    /// The active faults, oldest first.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).faults.clone()
    }

    /// Clears one fault; false when there is none with this id.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let before = script.faults.len();
        script.faults.retain(|fault| fault.id != id);
        self.active.store(script.faults.len(), Ordering::Release);
        script.faults.len() < before
    }

    /// Clears all faults.
    pub(crate) fn clear(&self) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.faults.clear();
        self.active.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(endpoint: Endpoint, skip: u32, count: Option<u32>, effect: Effect) -> Fault {
        Fault { id: 0, endpoint, account: None, skip, remaining: count, effect }
    }

    #[test]
    fn a_fault_skips_then_strikes_then_is_gone() {
        let faults = Faults::default();
        faults.add(fault(Endpoint::Feed, 1, Some(1), Effect::Drop));
        assert!(faults.meet(Endpoint::Photos, None).end.is_none());
        assert!(faults.meet(Endpoint::Feed, None).end.is_none());
        assert!(faults.meet(Endpoint::Feed, None).end.is_some());
        assert!(faults.meet(Endpoint::Feed, None).end.is_none());
        assert!(faults.list().is_empty());
    }

    #[test]
    fn of_two_faults_that_end_a_call_the_second_waits() {
        let faults = Faults::default();
        faults.add(fault(Endpoint::Any, 0, Some(1), Effect::Drop));
        faults.add(fault(Endpoint::Any, 0, Some(1), Effect::Hang));
        faults.add(fault(Endpoint::Any, 0, None, Effect::Delay { ms: 5 }));
        let first = faults.meet(Endpoint::Me, None);
        assert_eq!((first.delay_ms, first.names.as_slice()), (5, &["drop", "delay_ms"][..]));
        let second = faults.meet(Endpoint::Me, None);
        assert_eq!(second.names, ["hang", "delay_ms"]);
    }
}
