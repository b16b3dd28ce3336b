//! A stage for stories about publications: an organization with channels, posts that are planned through the store, and the
//! queue.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Double, Integer, Jsonb, Nullable, Text},
};
use postgres::{Pool, connections::PgConnectionStore, posts::PgPostStore, publications::PgPublicationQueue};
use publishing::{
    approval::Approval,
    connection::ConnectionStore,
    content::{ApprovedContent, ApprovedPicture, Content, Override},
    id::{ChannelId, ConnectionId, MediaId, PostId, PublicationId},
    platform::Platform,
    post::{
        Post, PostError, PostView, Target, TargetTime,
        store::{Plan, Planned, PostStore},
    },
    publication::{Attempt, Publication, State},
    queue::{Claim, Claimed, Next, PublicationQueue, Queue, WorkerId},
    timing::Timing,
};
use scheduling::Schedule;
use tenancy::{Caller, WorkspaceId};
use uuid::Uuid;

pub(crate) use super::result::{outcome, published, refused};
use crate::{connections::scene::organization, support};

/// Two workers.
pub(crate) const ANNE: WorkerId = WorkerId(1);
pub(crate) const BEN: WorkerId = WorkerId(2);

/// Everything a story needs.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) pool: Pool,
    pub(crate) queue: PgPublicationQueue,
    pub(crate) queue_pool: Pool,
    pub(crate) posts: PgPostStore,
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
}

/// What the story looks at, beside what people see.
#[derive(QueryableByName, Debug, Clone, PartialEq)]
pub(crate) struct Row {
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) reason: Option<String>,
    #[diesel(sql_type = Bool)]
    pub(crate) needs_person: bool,
    #[diesel(sql_type = BigInt)]
    pub(crate) epoch: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(crate) worker: Option<i64>,
    #[diesel(sql_type = Integer)]
    pub(crate) failures: i32,
    #[diesel(sql_type = Jsonb)]
    pub(crate) handles: serde_json::Value,
    /// Milliseconds until the next step.
    #[diesel(sql_type = Nullable<Double>)]
    pub(crate) waits: Option<f64>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let url = support::migrated_url().await;
        let queue = postgres::connect_for_queue(&url, 8).await.unwrap();
        Self::on(postgres::connect(&url, 12).await.unwrap(), queue).await
    }

    pub(crate) async fn on(pool: Pool, queue_pool: Pool) -> Self {
        let (caller, workspace) = organization(&pool).await;
        let queue = PgPublicationQueue::new(queue_pool.clone(), Timing::default());
        Self { queue, queue_pool, posts: PgPostStore::new(pool.clone()), pool, caller, workspace }
    }

    /// Another organization in the same database.
    pub(crate) async fn neighbour(&self) -> Self {
        Self::on(self.pool.clone(), self.queue_pool.clone()).await
    }

    /// The URL of the database.
    pub(crate) async fn url(&self) -> String {
        use diesel_async::RunQueryDsl;
        let sql = "SELECT current_database()::text AS word";
        let row: Word = sql_query(sql).get_result(&mut self.pool.get().await.unwrap()).await.unwrap();
        support::server_url(&row.word).await
    }

    pub(crate) async fn run(&self, sql: &str) {
        use diesel_async::SimpleAsyncConnection;
        self.pool.get().await.unwrap().batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn count(&self, from: &str) -> i64 {
        use diesel_async::RunQueryDsl;
        let sql = format!("SELECT count(*) AS n FROM {from}");
        sql_query(sql).get_result::<Count>(&mut self.pool.get().await.unwrap()).await.unwrap().n
    }

    /// The kinds of the events about a subject, oldest first.
    pub(crate) async fn events(&self, subject: Uuid) -> Vec<String> {
        use diesel_async::RunQueryDsl;
        let sql = format!("SELECT kind AS word FROM events WHERE subject_id = '{subject}' ORDER BY id");
        let rows: Vec<Word> = sql_query(sql).load(&mut self.pool.get().await.unwrap()).await.unwrap();
        rows.into_iter().map(|row| row.word).collect()
    }

    /// A new connected channel with a token.
    pub(crate) async fn channel(&self) -> ChannelId {
        self.channel_to(&Uuid::new_v4().to_string()).await
    }

    /// A new connected channel to a Page that others may have connected too.
    pub(crate) async fn channel_to(&self, page: &str) -> ChannelId {
        let (channel, key) = (ChannelId::new(), Uuid::new_v4());
        let (connection, c) = (ConnectionId::new().uuid(), channel.uuid());
        let (o, w) = (self.caller.organization.uuid(), self.workspace.uuid());
        self.run(&format!(
            "INSERT INTO connections (id, organization_id, workspace_id, provider) VALUES ('{connection}', '{o}', '{w}', 'meta');
             INSERT INTO channels (id, organization_id, workspace_id, connection_id, platform, remote_id, name, state)
                 VALUES ('{c}', '{o}', '{w}', '{connection}', 'facebook', '{page}', 'Harbour', 'connected');
             INSERT INTO connection_keys (id, organization_id, connection_id, wrapped) VALUES ('{key}', '{o}', '{connection}', 'k');
             INSERT INTO channel_tokens (channel_id, connection_id, key_id, sealed) VALUES ('{c}', '{connection}', '{key}', 's');"
        ))
        .await;
        channel
    }

    /// Disconnects a channel.
    pub(crate) async fn disconnect(&self, channel: ChannelId) {
        let store = PgConnectionStore::new(self.pool.clone());
        store.disconnect_channel(self.caller.organization, channel).await.unwrap().unwrap();
    }

    /// A draft for these channels.
    pub(crate) fn draft(&self, channels: &[ChannelId]) -> Post {
        let target = |channel: &ChannelId| Target {
            channel: *channel,
            change: Override::default(),
            time: TargetTime::Post,
        };
        Post {
            id: PostId::new(),
            organization: self.caller.organization,
            workspace: self.workspace,
            content: Content { caption: "Fresh coffee".into(), ..Content::default() },
            targets: channels.iter().map(target).collect(),
            schedule: None,
            late_limit: None,
            scheduled: false,
            version: 1,
            author: (&self.caller.actor).into(),
            occurrence: None,
            created_at: now(),
            updated_at: now(),
        }
    }

    /// The same post, one version later, to be published after so long.
    pub(crate) fn scheduled(&self, post: &Post, after: TimeDelta) -> (Post, Plan) {
        let due_at = now() + after;
        let mut post = post.clone();
        (post.schedule, post.scheduled, post.version) = (Some(Schedule::At(due_at)), true, post.version + 1);
        let publications: Vec<_> = post.targets.iter().map(|t| planned(&post, t.channel, due_at)).collect();
        let covers = publications.iter().map(|p| (p.channel, p.content_hash)).collect();
        let approval = Approval::by_scheduling(&self.caller.actor, now(), covers);
        (post, Plan { approval, publications })
    }

    /// Writes a post and plans it. Its steps begin when it is due.
    pub(crate) async fn schedule(&self, channels: &[ChannelId], after: TimeDelta) -> PostView {
        let draft = self.draft(channels);
        self.posts.insert(&draft, None).await.unwrap();
        let (post, plan) = self.scheduled(&draft, after);
        self.posts.save(&post, draft.version, Some(&plan)).await.unwrap()
    }

    /// Plans a text without pictures, due after so long.
    pub(crate) async fn text(&self, channel: ChannelId, after: TimeDelta) -> PublicationId {
        let draft = self.draft(&[channel]);
        self.posts.insert(&draft, None).await.unwrap();
        let (post, mut plan) = self.scheduled(&draft, after);
        let due_at = plan.publications[0].due_at;
        let content = ApprovedContent { caption: post.content.caption.clone(), link: None, pictures: vec![] };
        let text = Planned { next_step_at: now(), ..planned_with(content, channel, due_at) };
        plan.approval.covers = vec![(channel, text.content_hash)];
        plan.publications = vec![text];
        self.posts.save(&post, draft.version, Some(&plan)).await.unwrap().publications[0].id
    }

    /// A publication that is due now, on a channel of its own.
    pub(crate) async fn due(&self) -> PublicationId {
        self.due_on(self.channel().await).await
    }

    pub(crate) async fn due_on(&self, channel: ChannelId) -> PublicationId {
        self.schedule(&[channel], TimeDelta::zero()).await.publications[0].id
    }

    pub(crate) async fn claim(&self, queue: Queue) -> Vec<Claimed> {
        self.queue.claim(queue, ANNE, 1_000).await.unwrap()
    }

    /// Claims exactly one publication.
    pub(crate) async fn claim_one(&self, queue: Queue) -> Claimed {
        let mut claimed = self.claim(queue).await;
        assert_eq!(claimed.len(), 1, "{queue:?}");
        claimed.remove(0)
    }

    /// Claims a publication and gives back what else was due.
    async fn claim_just(&self, queue: Queue, id: PublicationId) -> Claim {
        let (own, others): (Vec<_>, Vec<_>) = self
            .claim(queue)
            .await
            .into_iter()
            .map(|row| row.claim)
            .partition(|claim| claim.publication == id);
        self.queue.give_back(queue, &others).await.unwrap();
        own[0]
    }

    /// Writes where a claim leads to and says whether it was written.
    pub(crate) async fn record(&self, claim: Claim, next: Next) -> bool {
        self.queue.record(&[outcome(claim, next)]).await.unwrap() == [claim.publication]
    }

    /// A new publication on a channel, brought to a state by the steps that lead there.
    pub(crate) async fn in_state(&self, channel: ChannelId, state: State) -> (PublicationId, Claim) {
        let id = self.due_on(channel).await;
        let mut claim = Claim { publication: id, epoch: 0 };
        if state == State::Scheduled {
            return (id, claim);
        }
        claim = self.claim_just(Queue::Preparation, id).await;
        match state {
            State::Preparing => return (id, claim),
            State::Failed => assert!(self.queue.record(&[refused(claim)]).await.unwrap() == [id]),
            State::Missed => assert!(self.record(claim, Next::Missed).await),
            _ => assert!(self.record(claim, Next::Ready).await),
        }
        if matches!(state, State::Publishing | State::Unconfirmed | State::Published) {
            claim = self.claim_just(Queue::Permit, id).await;
        }
        match state {
            State::Unconfirmed => {
                assert!(self.record(claim, Next::Unconfirmed { look_after: Timing::default().lease }).await);
            }
            State::Published => assert!(self.record(claim, published(&id.uuid().to_string())).await),
            State::Cancelled => drop(self.cancel(id).await.unwrap()),
            _ => {}
        }
        (id, claim)
    }

    pub(crate) async fn attempts(&self, id: PublicationId) -> Vec<Attempt> {
        self.posts.attempts(&self.caller, id).await.unwrap()
    }

    /// The post of a publication.
    pub(crate) async fn post_of(&self, id: PublicationId) -> Post {
        let post = self.see(id).await.post;
        self.posts.get(&self.caller, post).await.unwrap().post
    }

    pub(crate) async fn save(&self, post: &Post, expected: i64, plan: &Plan) -> Result<PostView, PostError> {
        self.posts.save(post, expected, Some(plan)).await
    }

    /// Takes back the post of a publication.
    pub(crate) async fn cancel(&self, id: PublicationId) -> Result<PostView, PostError> {
        let post = self.see(id).await.post;
        self.posts.cancel(&self.caller, post).await
    }

    /// The publication as people see it.
    pub(crate) async fn see(&self, id: PublicationId) -> Publication {
        self.posts.publication(&self.caller, id).await.unwrap()
    }

    pub(crate) async fn state(&self, id: PublicationId) -> State {
        self.see(id).await.state
    }

    pub(crate) async fn row(&self, id: PublicationId) -> Row {
        use diesel_async::RunQueryDsl;
        let sql = format!(
            "SELECT state, reason, needs_person, epoch, worker, failures, handles,
                (extract(epoch FROM next_step_at - now()) * 1000)::float8 AS waits FROM publications WHERE id = '{}'",
            id.uuid()
        );
        sql_query(sql).get_result(&mut self.pool.get().await.unwrap()).await.unwrap()
    }

    /// Lets the time of a publication's next step come, and its lease or permit run out.
    pub(crate) async fn time_passes(&self, id: PublicationId) {
        let sql = "UPDATE publications SET next_step_at = now() - interval '1 second'";
        self.run(&format!("{sql} WHERE id = '{}'", id.uuid())).await;
    }
}

/// The present, as exact as the database keeps it.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// A publication with a picture, which has to be prepared.
pub(crate) fn planned(post: &Post, channel: ChannelId, due_at: DateTime<Utc>) -> Planned {
    let picture =
        ApprovedPicture { media: MediaId::from_uuid(Uuid::nil()), digest: "00".into(), alt_text: None };
    let content =
        ApprovedContent { caption: post.content.caption.clone(), link: None, pictures: vec![picture] };
    planned_with(content, channel, due_at)
}

/// A publication of this content.
pub(crate) fn planned_with(content: ApprovedContent, channel: ChannelId, due_at: DateTime<Utc>) -> Planned {
    Planned {
        id: PublicationId::new(),
        channel,
        platform: Platform::Facebook,
        content_hash: content.hash(channel),
        content,
        due_at,
        deadline_at: due_at + TimeDelta::hours(1),
        next_step_at: due_at,
    }
}
