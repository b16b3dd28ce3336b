//! Logins: who may do which step, and what stays behind.

use chrono::TimeDelta;
use publishing::{
    connection::{Back, ConnectionError, ConnectionState, Failure, IpClass, Pick, SweepStore},
    platform::Platform,
};
use tenancy::{Reach, Scopes};

use super::stage::{Stage, candidate, organization, page};

#[tokio::test]
async fn a_login_leads_to_the_chosen_channels_and_leaves_nothing_of_the_others() {
    let Some(stage) = Stage::set().await else { return };
    let (id, state) = stage.begin().await;
    let back = stage.agree(&state).await.unwrap();
    let completion = back.outcome.unwrap();
    let return_url = back.return_url.unwrap();
    assert_eq!(
        return_url.as_str(),
        format!("https://app.example/back?connection={id}&completion={}", completion.expose())
    );
    assert_eq!(stage.secrets().await, [1, 0, 0, 0]);
    let offers = stage.desk.complete(&stage.caller, id, completion.expose()).await.unwrap();
    assert_eq!(offers.len(), 4);
    let chosen = stage.select(id, &["101", "103"]).await.unwrap();
    assert_eq!(stage.secrets().await, [0, 3, 1, 2], "one token and key per channel, and the person's");
    let view = stage.desk.get(&stage.caller, id).await.unwrap();
    assert_eq!(view.connection.state(stage.clock.0.lock().unwrap().to_utc()), ConnectionState::Connected);
    for channel in chosen {
        let channel = stage.desk.channel(&stage.caller, channel).await.unwrap();
        assert!(["101", "103"].contains(&channel.remote_id.as_str()));
        assert_eq!(channel.connection, Some(id));
    }
    let open = "consents WHERE closed_at IS NULL AND policy_version = '2026-11' AND ip_class = 'public_v4'";
    assert_eq!(stage.count(open).await, 1);
    assert_eq!(stage.count("events WHERE kind = 'channel.connected'").await, 2);
}

#[tokio::test]
async fn a_state_opens_once_and_only_for_ten_minutes() {
    let Some(stage) = Stage::set().await else { return };
    let (_, state) = stage.begin().await;
    assert!(stage.agree(&state).await.unwrap().outcome.is_ok());
    assert!(matches!(stage.agree(&state).await, Err(ConnectionError::NotFound)));
    let (_, late) = stage.begin().await;
    stage.clock.advance(TimeDelta::minutes(10));
    assert!(matches!(stage.agree(&late).await, Err(ConnectionError::NotFound)));
    assert!(matches!(stage.agree("guessed").await, Err(ConnectionError::NotFound)));
}

#[tokio::test]
async fn a_code_from_the_wrong_browser_or_for_another_session_opens_nothing() {
    let Some(stage) = Stage::set().await else { return };
    let (id, state) = stage.begin().await;
    let completion = stage.agree(&state).await.unwrap().outcome.unwrap();
    let wrong = stage.desk.complete(&stage.caller, id, "guessed").await;
    assert!(matches!(wrong, Err(ConnectionError::Invalid(v)) if v[0].code == "completion_code_wrong"));
    let other = stage.another_session();
    assert!(matches!(
        stage.desk.complete(&other, id, completion.expose()).await,
        Err(ConnectionError::NotFound)
    ));
    stage.desk.complete(&stage.caller, id, completion.expose()).await.unwrap();
    let again = stage.desk.complete(&stage.caller, id, completion.expose()).await;
    assert!(matches!(again, Err(ConnectionError::WrongState)));
    assert!(
        stage.desk.get(&other, id).await.unwrap().candidates.is_none(),
        "only who began sees the candidates"
    );
    assert_eq!(stage.desk.get(&stage.caller, id).await.unwrap().candidates.unwrap().len(), 4);
    let picks = [page("101")];
    let stolen = stage.desk.select(&other, id, &picks, IpClass::Unknown).await;
    assert!(matches!(stolen, Err(ConnectionError::NotFound)));
}

#[tokio::test]
async fn what_is_not_chosen_within_fifteen_minutes_is_shredded() {
    let Some(stage) = Stage::set().await else { return };
    let (id, state) = stage.begin().await;
    stage.until_choice(id, &state).await;
    stage.clock.advance(TimeDelta::minutes(15));
    assert!(matches!(stage.select(id, &["101"]).await, Err(ConnectionError::WrongState)));
    let now = *stage.clock.0.lock().unwrap();
    assert_eq!(stage.store.shred_expired_selections(now - TimeDelta::seconds(1)).await.unwrap(), 0);
    assert_eq!(stage.store.shred_expired_selections(now).await.unwrap(), 1);
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    let view = stage.desk.get(&stage.caller, id).await.unwrap();
    assert_eq!(view.connection.state(now), ConnectionState::Expired);
    assert_eq!(stage.store.delete_unfinished(now).await.unwrap(), 1);
    assert!(matches!(stage.desk.get(&stage.caller, id).await, Err(ConnectionError::NotFound)));
}

#[tokio::test]
async fn a_person_who_says_no_ends_the_login() {
    let Some(stage) = Stage::set().await else { return };
    let (id, state) = stage.begin().await;
    let back = stage.desk.came_back(&state, Back::Denied).await.unwrap();
    assert_eq!(back.return_url.unwrap().query().unwrap(), format!("connection={id}&error=access_denied"));
    let view = stage.desk.get(&stage.caller, id).await.unwrap();
    assert_eq!(view.connection.failure(), Some(Failure::AccessDenied));
}

#[tokio::test]
async fn a_grant_that_reaches_nothing_is_given_back_and_nothing_of_it_is_stored() {
    let Some(stage) = Stage::set().await else { return };
    stage.platform.0.lock().unwrap().candidates = vec![candidate(Platform::Facebook, "109", false)];
    let (id, state) = stage.begin().await;
    let back = stage.agree(&state).await.unwrap();
    assert_eq!(back.outcome.unwrap_err(), Failure::NothingToConnect);
    stage.desk.revoke(&back.revoke.unwrap()).await;
    assert_eq!(stage.platform.0.lock().unwrap().revoked, ["canary-person-dana"]);
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    let view = stage.desk.get(&stage.caller, id).await.unwrap();
    assert_eq!(view.connection.failure(), Some(Failure::NothingToConnect));
}

#[tokio::test]
async fn an_instagram_account_that_is_not_professional_is_refused_and_nothing_is_stored() {
    let Some(stage) = Stage::set().await else { return };
    let (id, state) = stage.begin().await;
    stage.until_choice(id, &state).await;
    let personal = Pick { platform: Platform::Instagram, remote_id: "17".into() };
    let refused = stage.desk.select(&stage.caller, id, &[page("101"), personal], IpClass::Unknown).await;
    assert!(matches!(refused, Err(ConnectionError::Invalid(v)) if v[0].code == "ig_account_type"));
    assert_eq!(stage.count("channels").await, 0);
    assert_eq!(stage.secrets().await, [1, 0, 0, 0]);
    let refused = stage.select(id, &["109"]).await;
    assert!(matches!(refused, Err(ConnectionError::Invalid(v)) if v[0].code == "cannot_publish"));
    assert_eq!(stage.select(id, &["101"]).await.unwrap().len(), 1, "a refused choice can be made again");
}

#[tokio::test]
async fn a_login_that_is_disconnected_during_the_exchange_keeps_nothing_and_gives_the_grant_back() {
    let Some(stage) = Stage::set().await else { return };
    let (id, state) = stage.begin().await;
    let gate = stage.platform.1.write().await;
    let disconnect = async {
        while stage.count("connection_attempts WHERE stage = 'exchanging'").await == 0 {}
        stage.desk.disconnect(&stage.caller, id).await.unwrap();
        drop(gate);
    };
    let (back, ()) = tokio::join!(stage.agree(&state), disconnect);
    let back = back.unwrap();
    assert_eq!(back.outcome.unwrap_err(), Failure::Replaced);
    assert!(back.revoke.is_some());
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn a_newer_login_replaces_the_older_one_and_what_it_kept() {
    let Some(stage) = Stage::set().await else { return };
    let (id, old) = stage.begin().await;
    stage.agree(&old).await.unwrap();
    assert_eq!(stage.secrets().await, [1, 0, 0, 0]);
    stage.desk.reconnect(&stage.caller, id, None, &[]).await.unwrap();
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    assert!(matches!(stage.agree(&old).await, Err(ConnectionError::NotFound)));
}

#[tokio::test]
async fn a_caller_without_scope_or_reach_and_another_organization_get_nothing() {
    let Some(stage) = Stage::set().await else { return };
    let (id, channels) = stage.connect(&["101"]).await;
    let (stranger, _) = organization(&stage.pool).await;
    let narrow = tenancy::Caller { reach: Reach::Only([].into()), ..stage.caller.clone() };
    for caller in [&stranger, &narrow] {
        let desk = &stage.desk;
        assert!(matches!(desk.begin(caller, stage.wanted()).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.get(caller, id).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.reconnect(caller, id, None, &[]).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.complete(caller, id, "x").await, Err(ConnectionError::NotFound)));
        assert!(matches!(
            desk.select(caller, id, &[page("101")], IpClass::Unknown).await,
            Err(ConnectionError::NotFound)
        ));
        assert!(matches!(desk.disconnect(caller, id).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.channel(caller, channels[0]).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.disconnect_channel(caller, channels[0]).await, Err(ConnectionError::NotFound)));
        let filter = publishing::connection::ChannelFilter { limit: 10, ..Default::default() };
        assert!(desk.list_channels(caller, &filter).await.unwrap().is_empty());
        let filter = publishing::connection::ConnectionFilter { limit: 10, ..Default::default() };
        assert!(desk.list(caller, &filter).await.unwrap().is_empty());
    }
    let powerless = tenancy::Caller { scopes: Scopes::default(), ..stage.caller.clone() };
    assert!(matches!(stage.desk.begin(&powerless, stage.wanted()).await, Err(ConnectionError::Denied(_))));
    assert!(matches!(stage.desk.get(&powerless, id).await, Err(ConnectionError::Denied(_))));
    assert!(matches!(stage.desk.disconnect(&powerless, id).await, Err(ConnectionError::Denied(_))));
    assert_eq!(stage.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_return_address_of_an_unknown_origin_is_refused() {
    let Some(stage) = Stage::set().await else { return };
    let mut wanted = stage.wanted();
    wanted.return_url = Some("https://evil.example/".parse().unwrap());
    let refused = stage.desk.begin(&stage.caller, wanted.clone()).await;
    assert!(matches!(refused, Err(ConnectionError::Invalid(v)) if v[0].code == "return_url_not_allowed"));
    wanted.caller_origins = vec!["https://evil.example".into()];
    stage.desk.begin(&stage.caller, wanted).await.unwrap();
}
