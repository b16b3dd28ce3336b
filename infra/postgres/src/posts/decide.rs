//! Taking back, deleting, trying again, and what a person decides.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    approval::Approval,
    id::{PostId, PublicationId},
    post::{
        Post, PostError, PostView,
        store::{Decision, Planned},
    },
    publication::{CancelReason, Publication, State, Step, Verdict},
    timing::Timing,
};
use scheduling::Schedule;
use tenancy::Caller;

use super::{Stop, approvals, channels, read, save, seats::Seats, targets};
use crate::{
    error::StoreError,
    pool::Connection,
    posting::seat,
    prepared::{Bind, prepared},
    publications,
};

pub(super) async fn cancel(
    c: &mut Connection,
    caller: &Caller,
    id: PostId,
    timing: &Timing,
) -> Result<PostView, Stop> {
    read::get(c, caller, id).await?;
    withdraw(c, id, timing).await?;
    save::view(c, id).await
}

/// Takes back what can be of a post, in a transaction that knows that it may.
pub(crate) async fn withdraw(c: &mut Connection, id: PostId, timing: &Timing) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    let mut seats = Seats::held(c, id).await?;
    let states = save::lock(c, id, &seats.channels).await?;
    if !states.iter().any(|s| s.can_be_taken_back()) {
        let began =
            states.iter().any(|s| matches!(s, State::Publishing | State::Unconfirmed | State::Published));
        return Err(if began { PostError::PublishingBegan } else { PostError::WrongState }.into());
    }
    // What is under way cannot be called back, and is not sent again if it comes to nothing.
    prepared("UPDATE publications SET taken_back = true WHERE post_id = $1 AND state IN ('publishing', 'unconfirmed')")
        .bind::<SqlUuid, _>(id.uuid())
        .execute(c)
        .await?;
    seats.read(c).await?;
    save::take_back(c, id, CancelReason::ByCaller, "true").await?;
    seats.give_up(c, id, timing).await?;
    prepared("UPDATE posts SET scheduled = false, version = version + 1, updated_at = now() WHERE id = $1")
        .bind::<SqlUuid, _>(id.uuid())
        .execute(c)
        .await?;
    if !seats.channels.is_empty() {
        seat::due_with_the_first(c, &[id.uuid()]).await?;
    }
    Ok(())
}

pub(super) async fn delete(
    c: &mut Connection,
    caller: &Caller,
    id: PostId,
    timing: &Timing,
) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    read::get(c, caller, id).await?;
    let mut seats = Seats::held(c, id).await?;
    let states = save::lock(c, id, &seats.channels).await?;
    if states.iter().any(|s| matches!(s, State::Publishing | State::Unconfirmed | State::Published)) {
        return Err(PostError::PublishingBegan.into());
    }
    seats.read(c).await?;
    prepared("DELETE FROM posts WHERE id = $1").bind::<SqlUuid, _>(id.uuid()).execute(c).await?;
    seats.give_up(c, id, timing).await
}

/// Locks a publication that the caller sees and gives it with its post.
async fn locked(c: &mut Connection, caller: &Caller, id: PublicationId) -> Result<(Publication, Post), Stop> {
    let post = read::publication(c, caller, id).await?.post;
    save::lock(c, post, &[]).await?;
    let publication = read::publication(c, caller, id).await?;
    Ok((publication, read::get(c, caller, post).await?.post))
}

/// Plans a publication again at a time of its own, unless its channel is disconnected. The version it was planned from must still
/// be the one that is there.
async fn plan_again(
    c: &mut Connection,
    post: &Post,
    plan: &Planned,
    schedule: Schedule,
    approval: &Approval,
) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    if !channels::hold_at_once(c, plan.channel).await? {
        return Err(PostError::WrongState.into());
    }
    approvals::approve(c, post, approval).await?;
    save::upsert(c, post, plan, approval, None).await?;
    targets::give_time(c, post.id, plan.channel, schedule).await?;
    // A time of the post that nothing keeps any more would only come back for channels that are added later.
    prepared(
        "UPDATE posts o SET scheduled = true, due_at = coalesce(o.due_at, $2), own_due_at = kept.at, local_time = kept.local_time,
            time_zone = kept.time_zone, version = o.version + 1, updated_at = now()
        FROM posts b LEFT JOIN LATERAL (SELECT b.own_due_at AS at, b.local_time, b.time_zone FROM post_targets t
            WHERE t.post_id = b.id AND t.timing = 'post' LIMIT 1) kept ON true
        WHERE o.id = $1 AND b.id = o.id",
    )
    .bind::<SqlUuid, _>(post.id.uuid())
    .bind::<Timestamptz, _>(plan.due_at)
    .execute(c)
    .await?;
    seat::due_with_the_first(c, &[post.id.uuid()]).await?;
    Ok(publications::wake(c).await?)
}

pub(super) async fn retry(
    c: &mut Connection,
    caller: &Caller,
    plan: &Planned,
    schedule: Schedule,
    approval: &Approval,
) -> Result<Publication, Stop> {
    let (publication, post) = locked(c, caller, plan.id).await?;
    if !publication.state.can_start_over() || publication.content_hash != plan.content_hash {
        return Err(PostError::WrongState.into());
    }
    plan_again(c, &post, plan, schedule, approval).await?;
    read::publication(c, caller, plan.id).await
}

pub(super) async fn resolve(
    c: &mut Connection,
    caller: &Caller,
    id: PublicationId,
    decision: &Decision,
) -> Result<Publication, Stop> {
    let (publication, post) = locked(c, caller, id).await?;
    if publication.state != State::Unconfirmed || !publication.needs_person {
        return Err(PostError::WrongState.into());
    }
    match decision {
        Decision::Live { id: platform_id, permalink } => {
            let declared = declare_live(c, id, platform_id, permalink.as_ref()).await;
            match declared {
                Ok(true) => {}
                Ok(false) => return Err(PostError::AlreadyTaken.into()),
                Err(error) if error.is_conflict_on("publications_declared") => {
                    return Err(PostError::AlreadyTaken.into());
                }
                Err(error) => return Err(Stop::Store(error)),
            }
        }
        Decision::SendAgain(plan, approval, ended) => {
            if !has_ended(c, id, *ended).await? {
                return Err(PostError::PublishingBegan.into());
            }
            plan_again(c, &post, plan, Schedule::At(plan.due_at), approval).await?;
        }
    }
    log(c, &publication, matches!(decision, Decision::Live { .. })).await?;
    read::publication(c, caller, id).await
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = Bool)]
    has_ended: bool,
}

/// Whether the irreversible call has ended for certain, so long after its permit, by the clock that counted the permit.
async fn has_ended(c: &mut Connection, id: PublicationId, after: Duration) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let row: Ended = prepared(
        "SELECT coalesce(permitted_at + $2 * interval '1 millisecond' <= clock_timestamp(), true) AS has_ended
        FROM publications WHERE id = $1",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Double, _>(after.as_secs_f64() * 1e3)
    .get_result(c)
    .await?;
    Ok(row.has_ended)
}

/// Takes a person's word for it, unless another publication of the organization has that post. The word counts for nobody else.
async fn declare_live(
    c: &mut Connection,
    id: PublicationId,
    platform_id: &str,
    permalink: Option<&url::Url>,
) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let follow_up: Option<DateTime<Utc>> = permalink.is_none().then(Utc::now);
    let declared = prepared(
        "UPDATE publications p SET state = 'published', needs_person = false, declared = true, platform_post_id = $2,
            permalink = $3, published_at = coalesce(permitted_at, now()), next_step_at = $4, reason = NULL, failures = 0,
            worker = NULL, epoch = epoch + 1, updated_at = now()
        WHERE id = $1 AND NOT EXISTS (SELECT FROM publications b WHERE b.platform = p.platform AND b.remote_id = p.remote_id
            AND b.platform_post_id = $2 AND b.organization_id = p.organization_id)",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Text, _>(platform_id)
    .bind::<Nullable<Text>, _>(permalink.map(ToString::to_string))
    .bind::<Nullable<Timestamptz>, _>(follow_up)
    .execute(c)
    .await?;
    Ok(declared == 1)
}

/// The history shows that a person decided, and what.
async fn log(c: &mut Connection, publication: &Publication, live: bool) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let verdict = if live { Verdict::Done } else { Verdict::Absent };
    prepared(
        "WITH p AS (SELECT id, organization_id, epoch FROM publications WHERE id = $1), told AS (
            INSERT INTO events (organization_id, kind, subject_id)
            SELECT organization_id, 'publication.published', id FROM p WHERE $4)
        INSERT INTO attempts (organization_id, publication_id, epoch, step, verdict)
        SELECT organization_id, id, epoch, $2, $3 FROM p",
    )
    .bind::<SqlUuid, _>(publication.id.uuid())
    .bind::<Text, _>(Step::Resolve.as_str())
    .bind::<Text, _>(verdict.as_str())
    .bind::<Bool, _>(live)
    .execute(c)
    .await?;
    Ok(())
}
