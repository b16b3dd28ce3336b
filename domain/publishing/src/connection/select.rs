//! The choice of channels, which ends a login.

use std::collections::BTreeSet;

use tenancy::{Caller, Scope, idempotency::Fence};

use super::{
    Connections,
    attempt::{Beginner, Stage},
    channel::{Channel, ChannelState, missing_scopes},
    consent::{Consent, IpClass},
    error::{ConnectionError, Violation},
    pending::{Pending, Sealer},
    read::ChannelFilter,
    refresh::CHECK_EVERY,
    standing::Connection,
    stored::{ChosenChannel, KnownChannel, Selection},
};
use crate::{
    authorizer::Candidate,
    id::{self, ChannelId, ConnectionId},
    platform::Platform,
};

/// A candidate, as chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pick {
    /// The platform.
    pub platform: Platform,
    /// The id there.
    pub remote_id: String,
}

impl Pick {
    fn names(&self, platform: Platform, remote_id: &str) -> bool {
        self.platform == platform && self.remote_id == remote_id
    }
}

impl Connections {
    /// Connects the chosen candidates and destroys everything else the login kept. Channels that publish through this
    /// connection already and that the new grant reaches keep going without being chosen again; the ones it does not reach
    /// need another login. Returns the channels that publish through the connection now.
    pub async fn select(
        &self,
        caller: &Caller,
        id: ConnectionId,
        picks: &[Pick],
        from: IpClass,
        fence: Option<Fence>,
    ) -> Result<Vec<Channel>, ConnectionError> {
        let connection = self.find(caller, Scope::ChannelsWrite, id).await?;
        let attempt = connection.open_attempt(self.clock.now()).ok_or(ConnectionError::WrongState)?;
        if attempt.begun_by != Beginner::from(&caller.actor) {
            return Err(ConnectionError::NotFound);
        }
        if attempt.stage != Stage::AwaitingSelection {
            return Err(ConnectionError::WrongState);
        }
        let pending = self.open_pending(connection.organization, attempt.id).await?;
        check(picks, &pending.candidates)?;
        let known = self.store.known_channels(connection.organization, connection.workspace).await?;
        let chosen = choose(id, picks, &pending.candidates, &known, || self.new_id());
        let consent =
            Consent::of(self.new_id::<id::Connection>().uuid(), caller, &self.settings.policy_version, from);
        let selection = self.selection(&connection, attempt.id, &pending, &chosen, consent).await?;
        self.store.connect(&Selection { fence, ..selection }).await?;
        self.live_channels(caller, id).await
    }

    /// The channels that publish through a connection whose choice this caller made, as it is now.
    pub async fn selected(&self, caller: &Caller, id: ConnectionId) -> Result<Vec<Channel>, ConnectionError> {
        self.find(caller, Scope::ChannelsWrite, id).await?;
        self.live_channels(caller, id).await
    }

    async fn live_channels(
        &self,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Vec<Channel>, ConnectionError> {
        let live = ChannelFilter {
            connection: Some(id),
            state: Some(ChannelState::Connected),
            limit: usize::MAX,
            ..ChannelFilter::default()
        };
        Ok(self.channels.channels(caller, &live).await?)
    }

    async fn selection(
        &self,
        connection: &Connection,
        attempt: uuid::Uuid,
        Pending { grant, .. }: &Pending,
        chosen: &[(ChannelId, &Candidate)],
        consent: Consent,
    ) -> Result<Selection, ConnectionError> {
        let sealer = self.sealer(connection.organization).await?;
        let channels = chosen.iter().map(|(id, candidate)| seal(&sealer, *id, candidate, &grant.granted));
        Ok(Selection {
            attempt,
            connection: connection.id,
            organization: connection.organization,
            workspace: connection.workspace,
            person: self.person(connection.provider, &grant.remote_person),
            token: sealer.grant(connection.id, &grant.remote_person, &grant.token)?,
            issued_at: self.clock.now(),
            expires_at: grant.expires_at,
            data_access_expires_at: grant.data_access_expires_at,
            granted: grant.granted.clone(),
            declined: grant.declined.clone(),
            channels: channels.collect::<Result<_, _>>()?,
            consent,
            next_check_at: self.clock.now() + CHECK_EVERY,
            fence: None,
        })
    }
}

fn seal(
    sealer: &Sealer<'_>,
    id: ChannelId,
    candidate: &Candidate,
    granted: &[String],
) -> Result<ChosenChannel, ConnectionError> {
    Ok(ChosenChannel {
        id,
        platform: candidate.platform,
        remote_id: candidate.remote_id.clone(),
        name: candidate.name.clone(),
        username: candidate.username.clone(),
        picture_url: candidate.picture_url.clone(),
        missing: missing_scopes(candidate.platform, granted),
        token: sealer.channel(id, &candidate.token)?,
        expires_at: candidate.expires_at,
    })
}

/// What is wrong with a choice: one violation per pick.
fn check(picks: &[Pick], candidates: &[Candidate]) -> Result<(), ConnectionError> {
    let mut seen = BTreeSet::new();
    let mut violations: Vec<Violation> = picks
        .iter()
        .enumerate()
        .filter_map(|(n, pick)| refuse(n, pick, candidates, seen.insert(pick)))
        .collect();
    if picks.is_empty() {
        violations.push(Violation::new("/candidates", "too_few", "Choose at least one page or account."));
    }
    if violations.is_empty() { Ok(()) } else { Err(ConnectionError::Invalid(violations)) }
}

fn refuse(n: usize, pick: &Pick, candidates: &[Candidate], first: bool) -> Option<Violation> {
    let violation = |code, detail: &str| Some(Violation::new(format!("/candidates/{n}"), code, detail));
    match candidates.iter().find(|c| pick.names(c.platform, &c.remote_id)) {
        _ if !first => violation("candidate_repeated", "This is chosen twice."),
        Some(candidate) if candidate.can_publish => None,
        Some(_) => violation("candidate_cannot_publish", "The person may not create content there."),
        None if pick.platform == Platform::Instagram => violation(
            "ig_account_type",
            "Only Instagram professional accounts (Business or Creator) linked to a Page of the grant can be connected; \
             this is none of them.",
        ),
        None => violation("candidate_unknown", "The grant does not reach this."),
    }
}

/// The picks and the channels that go on, each with the id it keeps or gets, in the order of ids so that two choices at
/// once take their locks in the same order.
fn choose<'a>(
    connection: ConnectionId,
    picks: &[Pick],
    candidates: &'a [Candidate],
    known: &[KnownChannel],
    new_id: impl Fn() -> ChannelId,
) -> Vec<(ChannelId, &'a Candidate)> {
    let known = |c: &Candidate| known.iter().find(|k| k.platform == c.platform && k.remote_id == c.remote_id);
    let wanted = |c: &&Candidate| {
        let goes_on = c.can_publish && known(c).is_some_and(|k| k.connection == Some(connection));
        goes_on || picks.iter().any(|p| p.names(c.platform, &c.remote_id))
    };
    let mut taken = BTreeSet::new();
    let once = |c: &&Candidate| taken.insert((c.platform, c.remote_id.clone()));
    let id = |c: &Candidate| known(c).map_or_else(&new_id, |k| k.id);
    let mut chosen: Vec<_> = candidates.iter().filter(wanted).filter(once).map(|c| (id(c), c)).collect();
    chosen.sort_by_key(|(id, _)| *id);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(platform: Platform, remote_id: &str, can_publish: bool) -> Candidate {
        Candidate {
            platform,
            remote_id: remote_id.into(),
            name: "Harbour Coffee".into(),
            username: None,
            picture_url: None,
            token: "a token".into(),
            expires_at: None,
            can_publish,
        }
    }

    fn pick(platform: Platform, remote_id: &str) -> Pick {
        Pick { platform, remote_id: remote_id.into() }
    }

    #[test]
    fn each_wrong_pick_is_named_with_its_own_reason() {
        let candidates =
            [candidate(Platform::Facebook, "1", true), candidate(Platform::Facebook, "2", false)];
        let picks = [
            pick(Platform::Facebook, "1"),
            pick(Platform::Facebook, "2"),
            pick(Platform::Facebook, "3"),
            pick(Platform::Instagram, "1"),
            pick(Platform::Facebook, "1"),
        ];
        let Err(ConnectionError::Invalid(violations)) = check(&picks, &candidates) else {
            panic!("accepted")
        };
        let found: Vec<_> = violations.iter().map(|v| (v.pointer.as_str(), v.code)).collect();
        let expected = [
            ("/candidates/1", "candidate_cannot_publish"),
            ("/candidates/2", "candidate_unknown"),
            ("/candidates/3", "ig_account_type"),
            ("/candidates/4", "candidate_repeated"),
        ];
        assert_eq!(found, expected);
        assert!(check(&picks[..1], &candidates).is_ok());
    }

    #[test]
    fn choosing_nothing_is_refused() {
        assert!(check(&[], &[candidate(Platform::Facebook, "1", true)]).is_err());
    }

    #[test]
    fn a_channel_that_is_known_keeps_its_id_and_one_of_this_connection_goes_on_unchosen() {
        let this = ConnectionId::new();
        let known = |n: &str, connection| KnownChannel {
            id: ChannelId::new(),
            platform: Platform::Facebook,
            remote_id: n.into(),
            connection,
        };
        let candidates = ["1", "2", "3", "4"].map(|n| candidate(Platform::Facebook, n, true));
        let known = [known("1", Some(this)), known("2", None), known("3", Some(ConnectionId::new()))];
        let chosen = choose(this, &[pick(Platform::Facebook, "2")], &candidates, &known, ChannelId::new);
        let mut found: Vec<_> = chosen.iter().map(|(id, c)| (c.remote_id.as_str(), *id)).collect();
        found.sort_unstable_by_key(|(remote, _)| *remote);
        assert_eq!(found, [("1", known[0].id), ("2", known[1].id)]);
    }
}
