//! Channels: places to publish, with their health.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use publishing::{
    connection::{self, ChannelFilter, Connections, Severity, health},
    id,
};
use tenancy::id::Workspace;

use super::{Chapter, courtesy};
use crate::{
    answer::{Done, Found},
    problem::Answer,
    request::{
        Access, After, Cursors, Limit, Page,
        permissions::{ReadChannels, WriteChannels},
    },
    value::{ChannelStateName, Id, Instant, PlatformName},
};

/// Something that is wrong with a channel.
#[derive(Object)]
struct ChannelProblem {
    /// The stable code: `unauthorized`, `permission_missing`, `disconnected`, `token_expiry`, `data_access_expiry`, `shared`
    /// and the reasons for which publications fail.
    code: String,
    /// Whether this keeps the channel from publishing. If not, it is a warning.
    blocking: bool,
    /// What is wrong.
    detail: String,
    /// Who can put it right: `caller`, `member`, `operator` or `platform`.
    actor: String,
    /// What that person can do.
    fix: String,
}

impl From<connection::Problem> for ChannelProblem {
    fn from(problem: connection::Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            blocking: problem.severity == Severity::Blocking,
            detail: problem.detail.to_owned(),
            actor: problem.actor.as_str().to_owned(),
            fix: problem.fix.to_owned(),
        }
    }
}

/// What is known about a channel's ability to publish.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ChannelHealth {
    /// Whether nothing is known that keeps it from publishing.
    can_publish: bool,
    /// The platform's scopes that were granted.
    granted_scopes: Vec<String>,
    /// The platform's scopes that publication needs and the grant lacks.
    missing_scopes: Vec<String>,
    /// When its token ends; absent where it does not.
    token_expires_at: Option<Instant>,
    /// When the platform stops serving data unless the person signs in again.
    data_access_expires_at: Option<Instant>,
    /// What is wrong, worst first.
    problems: Vec<ChannelProblem>,
}

/// One place to publish.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Channel {
    /// The identifier; it survives disconnecting and connecting again.
    id: Id<id::Channel>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// The connection it publishes through; absent once disconnected.
    connection_id: Option<Id<id::Connection>>,
    /// The platform.
    platform: PlatformName,
    /// The Page's or account's id on the platform.
    remote_id: String,
    /// Its name there, as of the last login.
    name: String,
    /// Its handle there, where it has one.
    username: Option<String>,
    /// Its picture there.
    picture_url: Option<String>,
    /// Whether it can publish.
    state: ChannelStateName,
    /// What is known about that.
    health: ChannelHealth,
    /// When it was first connected.
    created_at: Instant,
}

/// A channel as of an instant.
impl From<(connection::Channel, DateTime<Utc>)> for Channel {
    fn from((channel, now): (connection::Channel, DateTime<Utc>)) -> Self {
        let judged = health(&channel, now);
        let health = ChannelHealth {
            can_publish: judged.can_publish(),
            granted_scopes: channel.granted,
            missing_scopes: channel.missing,
            token_expires_at: channel.expires_at.map(Into::into),
            data_access_expires_at: channel.data_access_expires_at.map(Into::into),
            problems: judged.problems.into_iter().map(Into::into).collect(),
        };
        Self {
            id: channel.id.into(),
            workspace_id: channel.workspace.into(),
            connection_id: channel.connection.map(Into::into),
            platform: PlatformName(channel.platform),
            remote_id: channel.remote_id,
            name: channel.name,
            username: channel.username,
            picture_url: channel.picture_url.map(Into::into),
            state: ChannelStateName(channel.state),
            health,
            created_at: channel.created_at.into(),
        }
    }
}

/// Channels.
pub struct ChannelsResource {
    /// The use cases.
    pub connections: Connections,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Channels")]
impl ChannelsResource {
    /// List channels
    ///
    /// Those that the caller reaches, newest first, disconnected ones included.
    #[oai(path = "/channels", method = "get", operation_id = "listChannels")]
    #[expect(
        clippy::too_many_arguments,
        reason = "one argument per filter is how the document learns of them"
    )]
    async fn list(
        &self,
        caller: Access<ReadChannels>,
        /// Only of this workspace.
        workspace_id: Query<Option<Id<Workspace>>>,
        /// Only of this platform.
        platform: Query<Option<PlatformName>>,
        /// Only in this state.
        state: Query<Option<ChannelStateName>>,
        /// Only those that publish through this connection.
        connection_id: Query<Option<Id<id::Connection>>>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<Page<Channel>>> {
        let list = self.cursors.list("channels", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let filter = ChannelFilter {
            workspace: workspace_id.0.map(|id| id.0),
            platform: platform.0.map(|word| word.0),
            state: state.0.map(|word| word.0),
            connection: connection_id.0.map(|id| id.0),
            after: part.after,
            limit: part.limit.into(),
        };
        let rows = self.connections.list_channels(&caller, &filter).await?;
        let now = self.connections.clock.now();
        let rows = rows.into_iter().map(|row| (row, now)).collect();
        Ok(Found::plain(list.page(rows, |(one, _): &(connection::Channel, _)| one.id)?))
    }

    /// Get a channel
    ///
    /// With its health: what is wrong, and who can do what about it.
    #[oai(path = "/channels/:id", method = "get", operation_id = "getChannel")]
    async fn get(&self, caller: Access<ReadChannels>, id: Path<Id<id::Channel>>) -> Answer<Found<Channel>> {
        let channel = self.connections.channel(&caller, id.0.0).await?;
        Ok(Found::plain((channel, self.connections.clock.now()).into()))
    }

    /// Disconnect a channel
    ///
    /// Its token is destroyed before this answers. Publications that were not sent are cancelled with the reason
    /// `channel_disconnected`; one that is being sent waits for a person. The last channel takes its connection with it.
    #[oai(path = "/channels/:id", method = "delete", operation_id = "disconnectChannel")]
    async fn disconnect(&self, caller: Access<WriteChannels>, id: Path<Id<id::Channel>>) -> Answer<Done> {
        let courtesy = self.connections.disconnect_channel(&caller, id.0.0).await?;
        courtesy::tell_in_background(&self.connections, courtesy);
        Ok(Done)
    }
}
