//! The choice of channels: new tokens in, everything else the login and the connection held out, in one transaction.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, delete,
    dsl::{exists, now},
    insert_into, select, update,
    upsert::excluded,
};
use diesel_async::AsyncConnection as _;
use publishing::connection::{ChannelState, ChosenChannel, Selection, Stage, Standing};
use uuid::Uuid;

use super::{keys, sever};
use crate::{
    error::StoreError,
    idempotency,
    pool::Connection,
    schema::connections::{
        channel_tokens::{self, dsl as ct},
        channels::{self, dsl as ch},
        connection_attempts as attempts, connection_keys,
        connection_tokens::{self, dsl as t},
        connections::{self, dsl as k},
        consents::{self, dsl as s},
    },
};

/// Connects what was chosen; a conflict if the login was replaced or a channel appeared meanwhile.
pub(super) async fn connect(c: &mut Connection, selection: &Selection) -> Result<(), StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        take_attempt(c, selection).await?;
        let (owner, id) = (selection.organization.uuid(), selection.connection.uuid());
        delete(connection_keys::table.filter(connection_keys::connection_id.eq(id))).execute(c).await?;
        keep_grant(c, selection).await?;
        let mut left = Vec::new();
        for chosen in &selection.channels {
            left.extend(move_in(c, selection, chosen).await?);
        }
        orphan_the_rest(c, selection).await?;
        for emptied in left {
            end_if_empty(c, owner, emptied).await?;
        }
        let channels: Vec<Uuid> = selection.channels.iter().map(|chosen| chosen.id.uuid()).collect();
        sever::tell(c, owner, "channel.connected", &channels).await?;
        open_consent(c, selection).await?;
        idempotency::made(c, selection.fence, selection.connection.uuid()).await
    })
    .await
}

/// Uses up the login, and with it what it kept. The connection's row is locked from here on.
async fn take_attempt(c: &mut Connection, selection: &Selection) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let row = connections::table.find(selection.connection.uuid());
    row.filter(k::organization_id.eq(selection.organization.uuid()))
        .select(k::id)
        .for_update()
        .first::<Uuid>(c)
        .await
        .optional()?
        .ok_or_else(|| StoreError::Conflict("connections".into()))?;
    let waiting = attempts::table
        .find(selection.attempt)
        .filter(attempts::connection_id.eq(selection.connection.uuid()))
        .filter(attempts::stage.eq(Stage::AwaitingSelection.as_str()));
    match delete(waiting).execute(c).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict("connection_attempts".into())),
    }
}

async fn keep_grant(c: &mut Connection, selection: &Selection) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let (owner, id) = (selection.organization.uuid(), selection.connection.uuid());
    update(connections::table.find(id))
        .set((
            k::state.eq(Standing::Connected.as_str()),
            k::person_lookup.eq(selection.person.as_slice()),
            k::granted.eq(&selection.granted),
            k::declined.eq(&selection.declined),
            k::expires_at.eq(selection.expires_at),
            k::data_access_expires_at.eq(selection.data_access_expires_at),
            k::next_check_at.eq(selection.next_check_at),
            k::remote_revoke.eq(None::<String>),
            k::updated_at.eq(now),
        ))
        .execute(c)
        .await?;
    keys::insert(c, owner, id, &selection.token).await?;
    let row = (
        t::connection_id.eq(id),
        t::key_id.eq(selection.token.key.id),
        t::sealed.eq(&selection.token.sealed.0),
        t::issued_at.eq(selection.issued_at),
    );
    insert_into(connection_tokens::table).values(row).execute(c).await?;
    Ok(())
}

/// Connects one channel. Returns the connection it published through before, if that was another.
async fn move_in(
    c: &mut Connection,
    selection: &Selection,
    chosen: &ChosenChannel,
) -> Result<Option<Uuid>, StoreError> {
    use diesel_async::RunQueryDsl;
    let id = chosen.id.uuid();
    // Weak enough to let plans onto the channel pass, which hold several in an order of their own.
    let before = channels::table.find(id).select(ch::connection_id).for_no_key_update();
    let before = before.first::<Option<Uuid>>(c).await.optional()?.flatten();
    sever::destroy_channel_keys(c, &[id]).await?;
    upsert(c, selection, chosen).await?;
    keys::insert(c, selection.organization.uuid(), selection.connection.uuid(), &chosen.token).await?;
    let row = (
        ct::channel_id.eq(id),
        ct::connection_id.eq(selection.connection.uuid()),
        ct::key_id.eq(chosen.token.key.id),
        ct::sealed.eq(&chosen.token.sealed.0),
        ct::expires_at.eq(chosen.expires_at),
    );
    insert_into(channel_tokens::table).values(row).execute(c).await?;
    Ok(before.filter(|b| *b != selection.connection.uuid()))
}

/// Writes the channel under the id that was chosen for it. A channel of the same page that appeared meanwhile under another
/// id breaks the uniqueness within the workspace: a conflict.
async fn upsert(c: &mut Connection, selection: &Selection, chosen: &ChosenChannel) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let row = (
        ch::id.eq(chosen.id.uuid()),
        ch::organization_id.eq(selection.organization.uuid()),
        ch::workspace_id.eq(selection.workspace.uuid()),
        ch::connection_id.eq(selection.connection.uuid()),
        ch::platform.eq(chosen.platform.as_str()),
        ch::remote_id.eq(&chosen.remote_id),
        ch::name.eq(&chosen.name),
        ch::username.eq(&chosen.username),
        ch::picture_url.eq(chosen.picture_url.as_ref().map(ToString::to_string)),
        ch::state.eq(ChannelState::Connected.as_str()),
        ch::granted.eq(&selection.granted),
        ch::missing.eq(&chosen.missing),
    );
    insert_into(channels::table)
        .values(row)
        .on_conflict(ch::id)
        .do_update()
        .set((
            ch::connection_id.eq(excluded(ch::connection_id)),
            ch::name.eq(excluded(ch::name)),
            ch::username.eq(excluded(ch::username)),
            ch::picture_url.eq(excluded(ch::picture_url)),
            ch::state.eq(excluded(ch::state)),
            ch::problem.eq(None::<String>),
            ch::granted.eq(excluded(ch::granted)),
            ch::missing.eq(excluded(ch::missing)),
            ch::updated_at.eq(now),
        ))
        .execute(c)
        .await?;
    Ok(())
}

/// Channels of this connection that the new grant does not reach: their tokens went with the old grant's keys.
async fn orphan_the_rest(c: &mut Connection, selection: &Selection) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let chosen: Vec<Uuid> = selection.channels.iter().map(|chosen| chosen.id.uuid()).collect();
    let rest = ch::connection_id.eq(selection.connection.uuid()).and(ch::id.ne_all(chosen));
    let orphans: Vec<Uuid> = update(channels::table.filter(rest))
        .set((
            ch::state.eq(ChannelState::NeedsReauth.as_str()),
            ch::problem.eq("unauthorized"),
            ch::updated_at.eq(now),
        ))
        .returning(ch::id)
        .get_results(c)
        .await?;
    sever::tell(c, selection.organization.uuid(), "channel.needs_reauth", &orphans).await
}

/// A connection whose last channel moved away has no reason to keep a token.
async fn end_if_empty(c: &mut Connection, owner: Uuid, id: Uuid) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let has_channels = select(exists(channels::table.filter(ch::connection_id.eq(id))));
    if !has_channels.get_result::<bool>(c).await? {
        sever::end_connection(c, owner, id).await?;
    }
    Ok(())
}

async fn open_consent(c: &mut Connection, selection: &Selection) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let consent = &selection.consent;
    sever::close_consents(c, selection.connection.uuid()).await?;
    let row = (
        s::id.eq(consent.id),
        s::organization_id.eq(selection.organization.uuid()),
        s::connection_id.eq(selection.connection.uuid()),
        s::person_id.eq(consent.person.uuid()),
        s::through_kind.eq(consent.through.kind()),
        s::through_id.eq(consent.through.id()),
        s::policy_version.eq(&consent.policy_version),
        s::granted.eq(&selection.granted),
        s::declined.eq(&selection.declined),
        s::ip_class.eq(consent.ip_class.as_str()),
    );
    insert_into(consents::table).values(row).execute(c).await?;
    Ok(())
}
