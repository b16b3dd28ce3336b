//! Connections: a person's grant on a platform, from the login to the disconnect.

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use publishing::{
    connection::{Begin, ConnectionFilter, ConnectionView, Connections, IpClass},
    id,
};
use tenancy::id::Workspace;

use super::{
    Chapter,
    channels::Channel,
    connection_view::{Begun, Candidate, Choice, Connection},
    courtesy,
};
use crate::{
    answer::{Created, Done, Found},
    problem::Answer,
    request::{
        Access, After, Cursors, Device, Limit, Once, Origins, Page,
        permissions::{ReadChannels, WriteChannels},
    },
    strict::StrictJson,
    value::{Id, Link, ProviderName, Secret},
};

/// Where connections are.
const PLACE: &str = "/v1/connections";

/// A login to be begun.
#[derive(Object)]
struct NewConnection {
    /// Where the channels will belong.
    workspace_id: Id<Workspace>,
    /// Whose login.
    provider: ProviderName,
    /// Where the browser goes afterwards, with `connection` and `completion`, or `connection` and `error`, in its query. Its
    /// origin must be one of the deployment's or of your API key's. Without it a page shows the completion code. A login that
    /// an API key began, or that has no such address, first asks the person on a page of this deployment.
    return_url: Option<Link>,
}

/// Another login of a connection.
#[derive(Object)]
struct Reconnection {
    /// As when the connection was begun.
    return_url: Option<Link>,
}

/// The proof that the browser that came back is yours.
#[derive(Object)]
struct Completion {
    /// What the browser was given as `completion`.
    completion_code: Secret,
}

/// What can be chosen.
#[derive(Object)]
struct Candidates {
    /// Everything the grant reaches. It can be chosen from for thirteen minutes after the platform's dialog, and what is not
    /// chosen is destroyed before the fifteenth is over.
    candidates: Vec<Candidate>,
}

/// What is connected.
#[derive(Object)]
struct Choices {
    /// The pages and accounts to connect.
    #[oai(validator(min_items = 1, max_items = 1000))]
    candidates: Vec<Choice>,
}

/// What was connected.
#[derive(Object)]
struct Connected {
    /// The channels that publish through the connection now.
    channels: Vec<Channel>,
}

/// Connections.
pub struct ConnectionsResource {
    /// The use cases.
    pub connections: Connections,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Channels")]
impl ConnectionsResource {
    /// Begin to connect
    ///
    /// Send the person's browser to `authorize_url` within ten minutes. Afterwards a page names your organization and
    /// workspace and what they will be able to publish to; when the person has confirmed, complete with the code that the
    /// browser brings, then choose channels. Where a session began and the way back is one of the deployment's own origins,
    /// the page is left out. The answer is not kept for replays: the same `Idempotency-Key` gets a 409 with
    /// `idempotency_secret_gone` and the place of the connection, which can be reconnected.
    #[oai(path = "/connections", method = "post", operation_id = "createConnection")]
    async fn begin(
        &self,
        caller: Access<WriteChannels>,
        origins: Origins,
        idempotency_key: Once,
        body: StrictJson<NewConnection>,
    ) -> Answer<Created<Begun>> {
        let StrictJson(body) = body;
        let wanted = Begin {
            workspace: body.workspace_id.0,
            provider: body.provider.0,
            return_url: body.return_url.map(Into::into),
            caller_origins: origins.0,
            fence: idempotency_key.with_secret::<id::Connection>(PLACE)?,
        };
        let begun = self.connections.begin(&caller, wanted).await?;
        Ok(Created::at(format!("{PLACE}/{}", begun.connection), begun.into()).shown_once())
    }

    /// List connections
    ///
    /// Those of the workspaces that the caller reaches, newest first.
    #[oai(path = "/connections", method = "get", operation_id = "listConnections")]
    async fn list(
        &self,
        caller: Access<ReadChannels>,
        /// Only of this workspace.
        workspace_id: Query<Option<Id<Workspace>>>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<Page<Connection>>> {
        let list = self.cursors.list("connections", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let workspace = workspace_id.0.map(|id| id.0);
        let filter = ConnectionFilter { workspace, after: part.after, limit: part.limit.into() };
        let rows = self.connections.list(&caller, &filter).await?;
        let now = self.connections.clock.now();
        let rows = rows
            .into_iter()
            .map(|connection| (ConnectionView { connection, candidates: None }, now))
            .collect();
        Ok(Found::plain(list.page(rows, |(one, _): &(ConnectionView, _)| one.connection.id)?))
    }

    /// Get a connection
    ///
    /// Shows where its login stands, and the candidates while the choice is open, to whoever began it.
    #[oai(path = "/connections/:id", method = "get", operation_id = "getConnection")]
    async fn get(
        &self,
        caller: Access<ReadChannels>,
        id: Path<Id<id::Connection>>,
    ) -> Answer<Found<Connection>> {
        let view = self.connections.get(&caller, id.0.0).await?;
        Ok(Found::plain((view, self.connections.clock.now()).into()))
    }

    /// Complete a login
    ///
    /// Binds the browser that came back from the platform to the session or API key that began: only that one may complete.
    #[oai(path = "/connections/:id/complete", method = "post", operation_id = "completeConnection")]
    async fn complete(
        &self,
        caller: Access<WriteChannels>,
        id: Path<Id<id::Connection>>,
        body: StrictJson<Completion>,
    ) -> Answer<Found<Candidates>> {
        let StrictJson(body) = body;
        let offers = self.connections.complete(&caller, id.0.0, body.completion_code.as_ref()).await?;
        Ok(Found::plain(Candidates { candidates: offers.into_iter().map(Into::into).collect() }))
    }

    /// Choose channels
    ///
    /// Connects what is chosen; every other token of the grant is destroyed in the same moment. When reconnecting, the channels
    /// of the connection go on without being chosen again.
    #[oai(path = "/connections/:id/channels", method = "post", operation_id = "chooseChannels")]
    async fn choose(
        &self,
        caller: Access<WriteChannels>,
        device: Device,
        id: Path<Id<id::Connection>>,
        idempotency_key: Once,
        body: StrictJson<Choices>,
    ) -> Answer<Found<Connected>> {
        let StrictJson(body) = body;
        let channels = match idempotency_key {
            Once::Made(_) => self.connections.selected(&caller, id.0.0).await?,
            Once::Make(fence) => {
                let picks: Vec<_> = body.candidates.into_iter().map(Into::into).collect();
                let from = IpClass::from(device.0.address);
                self.connections.select(&caller, id.0.0, &picks, from, fence).await?
            }
        };
        let now = self.connections.clock.now();
        Ok(Found::plain(Connected { channels: channels.into_iter().map(|one| (one, now).into()).collect() }))
    }

    /// Reconnect
    ///
    /// Begins another login of the same connection, in any state. Channels keep their ids, and what works goes on working until
    /// the new grant replaces it.
    #[oai(path = "/connections/:id/reconnect", method = "post", operation_id = "reconnect")]
    async fn reconnect(
        &self,
        caller: Access<WriteChannels>,
        origins: Origins,
        id: Path<Id<id::Connection>>,
        body: StrictJson<Reconnection>,
    ) -> Answer<Found<Begun>> {
        let StrictJson(body) = body;
        let return_url = body.return_url.map(Into::into);
        let begun = self.connections.reconnect(&caller, id.0.0, return_url, &origins.0).await?;
        Ok(Found::plain(begun.into()))
    }

    /// Disconnect
    ///
    /// Works in every state. Every token is destroyed before this answers; the platform is told afterwards. Publications that
    /// were not sent are cancelled with the reason `channel_disconnected`; one that is being sent waits for a person.
    #[oai(path = "/connections/:id", method = "delete", operation_id = "disconnect")]
    async fn disconnect(&self, caller: Access<WriteChannels>, id: Path<Id<id::Connection>>) -> Answer<Done> {
        let courtesy = self.connections.disconnect(&caller, id.0.0).await?;
        courtesy::tell_in_background(&self.connections, courtesy);
        Ok(Done)
    }
}
