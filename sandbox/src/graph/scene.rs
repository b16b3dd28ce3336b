//! What an endpoint has at hand while it executes one call.

use serde_json::{Map, Value};

use super::answer::{Answer, Outcome};
use super::call::Call;
use super::endpoint::Target;
use super::error::GraphError;
use super::fields::{self, Field};
use super::shape::Shape;
use crate::faults::twist::Twist;
use crate::ledger::Ledger;
use crate::switches::Switches;
use crate::world::picture::Picture;
use crate::world::{Id, World};

/// One call, the world, and what bends the call.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) ledger: &'a Ledger,
    pub(crate) call: &'a Call,
    pub(crate) target: Target,
    pub(crate) twist: &'a Twist,
    pub(crate) switches: Switches,
    pub(crate) now: i64,
    /// Where the sandbox is reached from outside.
    pub(crate) base: &'a str,
    /// The picture that came with the call, fetched or received.
    pub(crate) picture: Option<Picture>,
}

impl Scene<'_> {
    /// The object in the path.
    pub(crate) fn id(&self) -> Id {
        self.target.id
    }

    /// A parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.call.params.get(name)
    }

    /// The wanted fields of a kind of node; none when the parameter is absent.
    pub(crate) fn wanted(&self, shape: &Shape) -> Result<Vec<Field>, GraphError> {
        let fields = self.param("fields").map_or(Ok(Vec::new()), fields::parse)?;
        shape.check(&fields)?;
        Ok(fields)
    }

    /// Answers a node, cut down to the wanted fields.
    pub(crate) fn node(&self, shape: &Shape, whole: Map<String, Value>) -> Outcome {
        Ok(Answer::Json(shape.cut(whole, &self.wanted(shape)?)))
    }

    /// When lists begin to show what this call makes.
    pub(crate) fn listed_ms(&self) -> i64 {
        self.now + self.twist.lag()
    }
}
