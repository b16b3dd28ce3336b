//! Facebook Pages.

use std::collections::HashMap;

use poem_openapi::Enum;

use super::Id;

/// What a person may do on a Page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
#[oai(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Task {
    /// See insights.
    Analyze,
    /// Advertise.
    Advertise,
    /// Moderate comments.
    Moderate,
    /// Publish.
    CreateContent,
    /// Answer messages.
    Messaging,
    /// Everything, roles included.
    Manage,
}

impl Task {
    /// Every task: what an administrator has.
    pub(crate) const ALL: [Self; 6] =
        [Self::Analyze, Self::Advertise, Self::Moderate, Self::CreateContent, Self::Messaging, Self::Manage];

    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Analyze => "ANALYZE",
            Self::Advertise => "ADVERTISE",
            Self::Moderate => "MODERATE",
            Self::CreateContent => "CREATE_CONTENT",
            Self::Messaging => "MESSAGING",
            Self::Manage => "MANAGE",
        }
    }
}

/// A Facebook Page.
pub(crate) struct Page {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) category: String,
    /// The linked Instagram account, professional or not.
    pub(crate) account: Option<Id>,
    /// What each person may do here.
    pub(crate) roles: HashMap<Id, Vec<Task>>,
    /// Posts in the order they were made; deleted ones stay as ids that lead nowhere.
    pub(crate) posts: Vec<Id>,
}

impl Page {
    /// Whether the person has the task.
    pub(crate) fn allows(&self, person: Id, task: Task) -> bool {
        self.roles.get(&person).is_some_and(|tasks| tasks.contains(&task))
    }
}
