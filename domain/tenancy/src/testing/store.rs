//! Accounts, organizations and throttles in memory.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, atomic::AtomicUsize},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{doubles::lock, keys::MemoryKeys};
use crate::{
    ApiKeyId, OrganizationId, Page, PersonId, Reach, Role, SessionId, StoreError, WorkspaceId,
    account::{AccountStore, Credentials, NewAccount, NewPerson, PasswordHash, Registered, StoredPerson},
    api_key::NewApiKey,
    digest::SecretHash,
    id,
    idempotency::Fence,
    organization::{Organization, OrganizationStore, Workspace},
    sealing::WrappedKey,
    session::{EndReason, NewSession},
    throttle::{Strikes, Subject, ThrottleStore, Throttled},
};

/// Every store of this context, in memory.
#[derive(Default)]
pub struct MemoryStore {
    /// The idempotency keys.
    pub keys: Arc<MemoryKeys>,
    pub(super) tables: Mutex<Tables>,
    pub(super) touches: AtomicUsize,
}

#[derive(Default)]
pub(super) struct Tables {
    pub(super) persons: BTreeMap<PersonId, (NewPerson, DateTime<Utc>)>,
    pub(super) organizations: BTreeMap<OrganizationId, (Organization, WrappedKey)>,
    pub(super) memberships: BTreeMap<(OrganizationId, PersonId), Role>,
    pub(super) workspaces: BTreeMap<WorkspaceId, Workspace>,
    pub(super) sessions: BTreeMap<SessionId, SessionRow>,
    pub(super) refresh_tokens: BTreeMap<SecretHash, (SessionId, bool)>,
    pub(super) api_keys: BTreeMap<ApiKeyId, NewApiKey>,
    strikes: BTreeMap<[u8; 32], Strikes>,
}

pub(super) struct SessionRow {
    pub(super) new: NewSession,
    pub(super) last_used_at: DateTime<Utc>,
    pub(super) ended: Option<EndReason>,
}

impl MemoryStore {
    /// How many persons, organizations and workspaces there are.
    pub fn counts(&self) -> (usize, usize, usize) {
        let tables = lock(&self.tables);
        (tables.persons.len(), tables.organizations.len(), tables.workspaces.len())
    }

    /// How many persons gave no name.
    pub fn people_without_name(&self) -> usize {
        lock(&self.tables).persons.values().filter(|(person, _)| person.name.is_none()).count()
    }

    /// How often the last use of a key was written.
    pub fn touches(&self) -> usize {
        self.touches.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Gives a person another role everywhere.
    pub fn set_role(&self, person: PersonId, role: Role) {
        let mut tables = lock(&self.tables);
        tables
            .memberships
            .iter_mut()
            .filter(|((_, member), _)| *member == person)
            .for_each(|(_, own)| *own = role);
    }

    /// Everything that would be on disk, bytes as text where they are text.
    pub fn dump(&self) -> String {
        let tables = lock(&self.tables);
        let mut out = String::new();
        let mut bytes = |bytes: &[u8]| {
            let _ = writeln!(out, "{}", String::from_utf8_lossy(bytes));
        };
        for (person, _) in tables.persons.values() {
            bytes(&person.mail.0);
            bytes(person.name.as_ref().map_or(&[], |name| &name.0));
            bytes(&person.mail_lookup);
            bytes(person.password.bcrypt.as_bytes());
        }
        for session in tables.sessions.values() {
            bytes(session.new.user_agent.as_ref().map_or(&[], |sealed| &sealed.0));
            bytes(session.new.address.as_ref().map_or(&[], |sealed| &sealed.0));
        }
        tables.refresh_tokens.keys().for_each(|hash| bytes(&hash.0));
        for key in tables.api_keys.values() {
            bytes(&key.hash.0);
            bytes(key.key.prefix().as_bytes());
        }
        out
    }
}

#[async_trait]
impl AccountStore for MemoryStore {
    async fn register(&self, account: &NewAccount) -> Result<Registered, StoreError> {
        let mut tables = lock(&self.tables);
        let mut persons = tables.persons.values();
        if let Some((known, _)) = persons.find(|(known, _)| known.mail_lookup == account.person.mail_lookup) {
            return Ok(Registered::MailTaken(known.id));
        }
        let (person, at) = (&account.person, account.at);
        let new = &account.organization;
        let organization =
            Organization { id: new.id, name: new.name.clone(), version: 1, created_at: at, updated_at: at };
        tables.persons.insert(person.id, (person.clone(), at));
        tables.organizations.insert(new.id, (organization, new.key.clone()));
        tables.memberships.insert((new.id, person.id), Role::Owner);
        tables.workspaces.insert(account.workspace.id, account.workspace.clone());
        Ok(Registered::Created)
    }

    async fn credentials(&self, mail_lookup: &[u8; 32]) -> Result<Option<Credentials>, StoreError> {
        let tables = lock(&self.tables);
        let found = tables.persons.values().find(|(person, _)| &person.mail_lookup == mail_lookup);
        Ok(found.map(|(person, _)| Credentials {
            person: person.id,
            password: person.password.clone(),
            key: person.key.clone(),
            memberships: tables
                .memberships_of(person.id)
                .map(|(organization, role)| (organization.id, role))
                .collect(),
        }))
    }

    async fn replace_hash(
        &self,
        person: PersonId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let mut tables = lock(&self.tables);
        if let Some((row, _)) = tables.persons.get_mut(&person).filter(|(row, _)| &row.password == old) {
            row.password = new.clone();
        }
        Ok(())
    }

    async fn person(&self, person: PersonId) -> Result<Option<StoredPerson>, StoreError> {
        let tables = lock(&self.tables);
        let memberships =
            tables.memberships_of(person).map(|(o, role)| (o.id, o.name.clone(), role)).collect();
        Ok(tables.persons.get(&person).map(|(row, at)| StoredPerson {
            id: person,
            mail: row.mail.clone(),
            name: row.name.clone(),
            key: row.key.clone(),
            created_at: *at,
            memberships,
        }))
    }
}

impl Tables {
    fn memberships_of(&self, person: PersonId) -> impl Iterator<Item = (&Organization, Role)> {
        let own = self.memberships.iter().filter(move |((_, member), _)| *member == person);
        own.filter_map(|((organization, _), role)| Some((&self.organizations.get(organization)?.0, *role)))
    }
}

#[async_trait]
impl OrganizationStore for MemoryStore {
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        Ok(lock(&self.tables).organizations.get(&id).map(|(organization, _)| organization.clone()))
    }

    async fn save_organization(&self, organization: &Organization, read: i64) -> Result<bool, StoreError> {
        let mut tables = lock(&self.tables);
        let row = tables.organizations.get_mut(&organization.id).filter(|(row, _)| row.version == read);
        Ok(row.map(|(row, _)| *row = organization.clone()).is_some())
    }

    async fn key(&self, id: OrganizationId) -> Result<Option<WrappedKey>, StoreError> {
        Ok(lock(&self.tables).organizations.get(&id).map(|(_, key)| key.clone()))
    }

    async fn insert_workspace(&self, workspace: &Workspace, fence: Option<Fence>) -> Result<(), StoreError> {
        self.keys.made(fence, workspace.id.uuid())?;
        lock(&self.tables).workspaces.insert(workspace.id, workspace.clone());
        Ok(())
    }

    async fn workspaces(
        &self,
        organization: OrganizationId,
        reach: &Reach,
        page: Page<id::Workspace>,
    ) -> Result<Vec<Workspace>, StoreError> {
        let reached = |id: &WorkspaceId| match reach {
            Reach::All => true,
            Reach::Only(only) => only.contains(id),
        };
        let tables = lock(&self.tables);
        let own = tables.workspaces.values().filter(|w| w.organization == organization && reached(&w.id));
        let after = own.filter(|w| page.after.is_none_or(|after| w.id > after));
        Ok(after.take(page.limit.into()).cloned().collect())
    }

    async fn workspace(
        &self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, StoreError> {
        Ok(lock(&self.tables).workspaces.get(&id).filter(|w| w.organization == organization).cloned())
    }

    async fn save_workspace(&self, workspace: &Workspace, read: i64) -> Result<bool, StoreError> {
        let mut tables = lock(&self.tables);
        let own = |row: &&mut Workspace| row.organization == workspace.organization && row.version == read;
        let row = tables.workspaces.get_mut(&workspace.id).filter(own);
        Ok(row.map(|row| *row = workspace.clone()).is_some())
    }
}

#[async_trait]
impl ThrottleStore for MemoryStore {
    async fn strike(
        &self,
        subjects: &[Subject],
        now: DateTime<Utc>,
    ) -> Result<Result<(), Throttled>, StoreError> {
        let mut tables = lock(&self.tables);
        let judged = subjects.iter().map(|subject| {
            let before = tables.strikes.get(&subject.key).copied();
            subject.rule.strike(before, now).map(|strikes| (subject.key, strikes))
        });
        Ok(judged.collect::<Result<Vec<_>, _>>().map(|counted| tables.strikes.extend(counted)))
    }

    async fn forgive(&self, subjects: &[Subject]) -> Result<(), StoreError> {
        let mut tables = lock(&self.tables);
        if let Some((first, others)) = subjects.split_first() {
            tables.strikes.remove(&first.key);
            for other in others {
                if let Some(strikes) = tables.strikes.get_mut(&other.key) {
                    strikes.count = strikes.count.saturating_sub(1);
                }
            }
        }
        Ok(())
    }
}
