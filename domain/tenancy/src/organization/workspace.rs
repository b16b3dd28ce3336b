//! Workspaces: one brand or client each.

use chrono::{DateTime, TimeDelta, Utc};
use zone::Tz;

use super::Organizations;
use crate::{
    Caller, OrganizationId, Reach, Refusal, Scope, WorkspaceId, id, idempotency::Fence, page::Page,
    random::new_id, refusal::Violation, text,
};

/// How late a post may still be published, in minutes. What is later is missed: nobody wants yesterday's "good morning".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateLimit(u16);

impl LateLimit {
    /// An hour.
    pub const DEFAULT: Self = Self(60);

    /// A week.
    pub const LONGEST_MINUTES: u16 = 7 * 24 * 60;

    /// Checks the bound.
    pub fn from_minutes(minutes: i64) -> Result<Self, Violation> {
        u16::try_from(minutes).ok().filter(|minutes| *minutes <= Self::LONGEST_MINUTES).map(Self).ok_or_else(
            || {
                let detail = format!("must be between 0 and {} minutes", Self::LONGEST_MINUTES);
                Violation::new("late_minutes", "out_of_range", detail)
            },
        )
    }

    /// In minutes.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// As a duration.
    pub fn duration(self) -> TimeDelta {
        TimeDelta::minutes(self.0.into())
    }
}

/// One brand or client of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The identifier.
    pub id: WorkspaceId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The name.
    pub name: String,
    /// The zone of local times that name none.
    pub time_zone: Tz,
    /// How late a post may still be published.
    pub late_limit: LateLimit,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A workspace that somebody wants.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    /// The name.
    pub name: String,
    /// The zone.
    pub time_zone: Tz,
    /// How late a post may still be published, in minutes; `None`: an hour.
    pub late_minutes: Option<i64>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// A change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceChange {
    /// Another name.
    pub name: Option<String>,
    /// Another zone.
    pub time_zone: Option<Tz>,
    /// Another limit, in minutes.
    pub late_minutes: Option<i64>,
}

impl WorkspaceChange {
    /// The workspace after the change.
    fn apply(self, before: Workspace, now: DateTime<Utc>) -> Result<Workspace, Refusal> {
        let mut after = before;
        if let Some(name) = self.name {
            after.name = text::name("name", &name)?;
        }
        if let Some(minutes) = self.late_minutes {
            after.late_limit = LateLimit::from_minutes(minutes)?;
        }
        after.time_zone = self.time_zone.unwrap_or(after.time_zone);
        after.version += 1;
        after.updated_at = now;
        Ok(after)
    }
}

impl Organizations {
    /// Makes a workspace. A caller limited to some workspaces cannot: it would not reach the new one.
    pub async fn create_workspace(&self, caller: &Caller, new: NewWorkspace) -> Result<Workspace, Refusal> {
        caller.may(Scope::OrganizationWrite)?;
        if caller.reach != Reach::All {
            return Err(Refusal::Denied(Scope::OrganizationWrite));
        }
        let now = self.clock.now();
        let workspace = Workspace {
            id: new_id(self.random.as_ref(), now),
            organization: caller.organization,
            name: text::name("name", &new.name)?,
            time_zone: new.time_zone,
            late_limit: new.late_minutes.map_or(Ok(LateLimit::DEFAULT), LateLimit::from_minutes)?,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.store.insert_workspace(&workspace, new.fence).await?;
        Ok(workspace)
    }

    /// A workspace that this caller made, as it is now.
    pub async fn made_workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<Workspace, Refusal> {
        caller.may(Scope::OrganizationWrite)?;
        self.reached(caller, id).await
    }

    /// The workspaces the caller reaches, in order of creation.
    pub async fn workspaces(
        &self,
        caller: &Caller,
        page: Page<id::Workspace>,
    ) -> Result<Vec<Workspace>, Refusal> {
        caller.may(Scope::OrganizationRead)?;
        Ok(self.store.workspaces(caller.organization, &caller.reach, page).await?)
    }

    /// One workspace.
    pub async fn workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<Workspace, Refusal> {
        caller.may(Scope::OrganizationRead)?;
        self.reached(caller, id).await
    }

    /// Changes a workspace. With `expected`, only if it still has this version.
    pub async fn change_workspace(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        change: WorkspaceChange,
        expected: Option<i64>,
    ) -> Result<Workspace, Refusal> {
        caller.may(Scope::OrganizationWrite)?;
        let before = self.reached(caller, id).await?;
        let read = before.version;
        if expected.is_some_and(|expected| expected != read) {
            return Err(Refusal::Changed);
        }
        let after = change.apply(before, self.clock.now())?;
        let is_saved = self.store.save_workspace(&after, read).await?;
        if is_saved { Ok(after) } else { Err(Refusal::Changed) }
    }

    async fn reached(&self, caller: &Caller, id: WorkspaceId) -> Result<Workspace, Refusal> {
        if !caller.reaches(id) {
            return Err(Refusal::NotFound);
        }
        self.store.workspace(caller.organization, id).await?.ok_or(Refusal::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::World;

    fn new(name: &str) -> NewWorkspace {
        NewWorkspace {
            name: name.into(),
            time_zone: Tz::known("Europe/Vilnius"),
            late_minutes: None,
            fence: None,
        }
    }

    #[test]
    fn a_workspace_is_made_listed_and_changed() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let organizations = world.organizations();
        let made = block_on(organizations.create_workspace(&caller, new("Bakery"))).unwrap();
        assert_eq!(made.late_limit.minutes(), 60);
        let listed = block_on(organizations.workspaces(&caller, Page::first(10))).unwrap();
        assert_eq!(listed.len(), 2);
        let after_first = Page { after: Some(listed[0].id), limit: 10 };
        assert_eq!(block_on(organizations.workspaces(&caller, after_first)).unwrap(), listed[1..]);
        let change = WorkspaceChange { late_minutes: Some(5), ..WorkspaceChange::default() };
        let changed =
            block_on(organizations.change_workspace(&caller, made.id, change.clone(), Some(1))).unwrap();
        assert_eq!((changed.late_limit.minutes(), changed.version, &changed.name), (5, 2, &made.name));
        let late = block_on(organizations.change_workspace(&caller, made.id, change, Some(1)));
        assert_eq!(late.unwrap_err(), Refusal::Changed);
    }

    #[test]
    fn a_workspace_of_another_organization_or_out_of_reach_does_not_exist() {
        let world = World::with_account("ada@example.org");
        world.register("eve@example.org");
        let (mut ada, eve) = (world.caller("ada@example.org"), world.caller("eve@example.org"));
        let first = world.first_workspace(&ada);
        let organizations = world.organizations();
        assert_eq!(block_on(organizations.workspace(&eve, first)).unwrap_err(), Refusal::NotFound);
        let second = block_on(organizations.create_workspace(&ada, new("Second"))).unwrap();
        ada.reach = Reach::Only([first].into());
        assert_eq!(block_on(organizations.workspace(&ada, second.id)).unwrap_err(), Refusal::NotFound);
        let listed = block_on(organizations.workspaces(&ada, Page::first(10))).unwrap();
        assert_eq!(listed.iter().map(|workspace| workspace.id).collect::<Vec<_>>(), [first]);
        let refusal = block_on(organizations.create_workspace(&ada, new("Third"))).unwrap_err();
        assert_eq!(refusal, Refusal::Denied(Scope::OrganizationWrite));
    }

    #[test]
    fn lateness_is_bounded_by_a_week() {
        assert!(LateLimit::from_minutes(0).is_ok());
        assert_eq!(LateLimit::from_minutes(10_080).unwrap().duration(), TimeDelta::days(7));
        for minutes in [-1, 10_081, i64::MAX] {
            assert!(LateLimit::from_minutes(minutes).is_err());
        }
    }
}
