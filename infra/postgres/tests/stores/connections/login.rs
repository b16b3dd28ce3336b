//! Logins: who may do which step, and what stays behind.

use chrono::TimeDelta;
use publishing::{
    connection::{Back, ConnectionError, ConnectionState, Failure, IpClass, Onward, Pick, Stale},
    platform::Platform,
};
use retention::Topic;
use tenancy::{Reach, Scopes};

use super::scene::{Scene, candidate, organization, page, parameter};

#[tokio::test]
async fn a_login_leads_to_the_chosen_channels_and_leaves_nothing_of_the_others() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    let Onward::Go(return_url) = scene.agree(&state).await.unwrap().onward else { panic!("not sent on") };
    let completion = parameter(&return_url, "completion");
    assert_eq!(
        return_url.as_str(),
        format!("https://app.example/back?connection={id}&completion={completion}")
    );
    assert_eq!(scene.secrets().await, [1, 0, 0, 0]);
    let offers = scene.desk.complete(&scene.caller, id, &completion).await.unwrap();
    assert_eq!(offers.len(), 4);
    let chosen = scene.select(id, &["101", "103"]).await.unwrap();
    assert_eq!(scene.secrets().await, [0, 3, 1, 2], "one token and key per channel, and the person's");
    let view = scene.desk.get(&scene.caller, id).await.unwrap();
    assert_eq!(view.connection.state(scene.clock.0.lock().unwrap().to_utc()), ConnectionState::Connected);
    for channel in chosen {
        let channel = scene.desk.channel(&scene.caller, channel).await.unwrap();
        assert!(["101", "103"].contains(&channel.remote_id.as_str()));
        assert_eq!(channel.connection, Some(id));
    }
    let open = "consents WHERE closed_at IS NULL AND policy_version = '2026-11' AND ip_class = 'public_v4'";
    assert_eq!(scene.count(open).await, 1);
    assert_eq!(scene.count("events WHERE kind = 'channel.connected'").await, 2);
}

/// Rows in which the text can be read, as it is or in hexadecimal.
async fn readable(scene: &Scene, canary: &str) -> i64 {
    let mut rows = 0;
    for table in postgres::schema::connections::tables() {
        let encoded = format!("encode(convert_to('{canary}', 'UTF8'), 'hex')");
        let found = format!("t::text LIKE '%{canary}%' OR t::text LIKE '%' || {encoded} || '%'");
        rows += scene.count(&format!("{} t WHERE {found}", table.table)).await;
    }
    rows
}

#[tokio::test]
async fn no_token_code_or_person_can_be_read_from_any_table_at_any_step() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    assert_eq!(readable(&scene, &state).await, 0);
    let completion = scene.completion(&state).await;
    assert_eq!(readable(&scene, &completion).await, 0);
    assert_eq!(readable(&scene, "Channel 10").await, 0, "what is not chosen yet is sealed, names included");
    scene.desk.complete(&scene.caller, id, &completion).await.unwrap();
    scene.select(id, &["101"]).await.unwrap();
    assert_eq!(readable(&scene, "canary").await, 0);
    assert_eq!(readable(&scene, "dana").await, 0);
    assert_eq!(readable(&scene, "Channel 101").await, 1);
    assert_eq!(readable(&scene, "Channel 10").await, 1);
}

#[tokio::test]
async fn a_state_opens_once_and_only_for_ten_minutes() {
    let scene = Scene::set().await;
    let (_, state) = scene.begin().await;
    assert!(matches!(scene.agree(&state).await.unwrap().onward, Onward::Go(_)));
    assert!(matches!(scene.agree(&state).await, Err(ConnectionError::Stale(Stale::Used))));
    let (_, late) = scene.begin().await;
    scene.clock.advance(TimeDelta::minutes(10));
    assert!(matches!(scene.agree(&late).await, Err(ConnectionError::Stale(Stale::Expired))));
    assert!(matches!(scene.agree(&state).await, Err(ConnectionError::Stale(Stale::Used))), "late or not");
    assert!(matches!(scene.agree("guessed").await, Err(ConnectionError::Stale(Stale::Unknown))));
}

#[tokio::test]
async fn a_code_from_the_wrong_browser_or_for_another_session_opens_nothing() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    let completion = scene.completion(&state).await;
    let wrong = scene.desk.complete(&scene.caller, id, "guessed").await;
    assert!(matches!(wrong, Err(ConnectionError::Invalid(v)) if v[0].code == "completion_code_wrong"));
    let other = scene.another_session();
    assert!(matches!(scene.desk.complete(&other, id, &completion).await, Err(ConnectionError::NotFound)));
    scene.desk.complete(&scene.caller, id, &completion).await.unwrap();
    let again = scene.desk.complete(&scene.caller, id, &completion).await;
    assert!(matches!(again, Err(ConnectionError::WrongState)));
    assert!(
        scene.desk.get(&other, id).await.unwrap().candidates.is_none(),
        "only who began sees the candidates"
    );
    assert_eq!(scene.desk.get(&scene.caller, id).await.unwrap().candidates.unwrap().len(), 4);
    let picks = [page("101")];
    let stolen = scene.desk.select(&other, id, &picks, IpClass::Unknown, None).await;
    assert!(matches!(stolen, Err(ConnectionError::NotFound)));
}

#[tokio::test]
async fn what_is_not_chosen_in_time_is_shredded() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    scene.until_choice(id, &state).await;
    scene.clock.advance(TimeDelta::minutes(13));
    assert!(matches!(scene.select(id, &["101"]).await, Err(ConnectionError::WrongState)));
    assert_eq!(scene.sweep(Topic::PendingSelections).await, 0, "not a moment too early");
    scene.run("UPDATE pending_selections SET expires_at = now() - interval '1 second'").await;
    assert_eq!(scene.sweep(Topic::PendingSelections).await, 1);
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    let view = scene.desk.get(&scene.caller, id).await.unwrap();
    assert_eq!(view.connection.state(*scene.clock.0.lock().unwrap()), ConnectionState::Expired);
}

#[tokio::test]
async fn a_connection_that_never_came_about_goes_a_day_after_its_last_login_and_not_while_another_one_begins()
{
    let scene = Scene::set().await;
    let (id, _) = scene.begin().await;
    let (kept, _) = scene.connect(&["101"]).await;
    scene.run("UPDATE connections SET updated_at = now() - interval '25 hours'").await;
    assert_eq!(scene.sweep(Topic::UnfinishedConnections).await, 0, "its login is not forgotten yet");
    scene.run("DELETE FROM connection_attempts").await;
    scene.desk.reconnect(&scene.caller, id, None, &[]).await.unwrap();
    scene.run("DELETE FROM connection_attempts").await;
    assert_eq!(scene.sweep(Topic::UnfinishedConnections).await, 0, "somebody began again just now");
    scene.run("UPDATE connections SET updated_at = now() - interval '25 hours'").await;
    assert_eq!(scene.sweep(Topic::UnfinishedConnections).await, 1);
    assert!(matches!(scene.desk.get(&scene.caller, id).await, Err(ConnectionError::NotFound)));
    scene.desk.get(&scene.caller, kept).await.unwrap();
}

#[tokio::test]
async fn a_person_who_says_no_ends_the_login() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    let back = scene.desk.came_back(&state, Back::Denied).await.unwrap();
    let Onward::Go(url) = back.onward else { panic!("not sent on") };
    assert_eq!(url.query().unwrap(), format!("connection={id}&error=access_denied"));
    let view = scene.desk.get(&scene.caller, id).await.unwrap();
    assert_eq!(view.connection.failure(), Some(Failure::AccessDenied));
}

#[tokio::test]
async fn a_grant_that_reaches_nothing_is_given_back_and_nothing_of_it_is_stored() {
    let scene = Scene::set().await;
    scene.platform.0.lock().unwrap().candidates = vec![candidate(Platform::Facebook, "109", false)];
    let (id, state) = scene.begin().await;
    let back = scene.agree(&state).await.unwrap();
    assert!(matches!(&back.onward, Onward::Go(url) if parameter(url, "error") == "nothing_to_connect"));
    scene.desk.revoke(&back.revoke.unwrap()).await;
    assert_eq!(scene.platform.0.lock().unwrap().revoked, ["canary-person-dana"]);
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    let view = scene.desk.get(&scene.caller, id).await.unwrap();
    assert_eq!(view.connection.failure(), Some(Failure::NothingToConnect));
}

#[tokio::test]
async fn an_instagram_account_that_is_not_professional_is_refused_and_nothing_is_stored() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    scene.until_choice(id, &state).await;
    let personal = Pick { platform: Platform::Instagram, remote_id: "17".into() };
    let refused =
        scene.desk.select(&scene.caller, id, &[page("101"), personal], IpClass::Unknown, None).await;
    assert!(matches!(refused, Err(ConnectionError::Invalid(v)) if v[0].code == "ig_account_type"));
    assert_eq!(scene.count("channels").await, 0);
    assert_eq!(scene.secrets().await, [1, 0, 0, 0]);
    let refused = scene.select(id, &["109"]).await;
    assert!(matches!(refused, Err(ConnectionError::Invalid(v)) if v[0].code == "candidate_cannot_publish"));
    assert_eq!(scene.select(id, &["101"]).await.unwrap().len(), 1, "a refused choice can be made again");
}

#[tokio::test]
async fn a_login_that_is_disconnected_during_the_exchange_keeps_nothing_and_gives_the_grant_back() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    let gate = scene.platform.1.write().await;
    let disconnect = async {
        while scene.count("connection_attempts WHERE stage = 'exchanging'").await == 0 {}
        scene.desk.disconnect(&scene.caller, id).await.unwrap();
        drop(gate);
    };
    let (back, ()) = tokio::join!(scene.agree(&state), disconnect);
    let back = back.unwrap();
    assert!(matches!(&back.onward, Onward::Go(url) if parameter(url, "error") == "replaced"));
    assert!(back.revoke.is_some());
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn a_newer_login_replaces_the_older_one_and_what_it_kept() {
    let scene = Scene::set().await;
    let (id, old) = scene.begin().await;
    scene.agree(&old).await.unwrap();
    assert_eq!(scene.secrets().await, [1, 0, 0, 0]);
    scene.desk.reconnect(&scene.caller, id, None, &[]).await.unwrap();
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    assert!(matches!(scene.agree(&old).await, Err(ConnectionError::Stale(Stale::Unknown))));
}

#[tokio::test]
async fn a_caller_without_scope_or_reach_and_another_organization_get_nothing() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&["101"]).await;
    let (stranger, _) = organization(&scene.pool).await;
    let narrow = tenancy::Caller { reach: Reach::Only([].into()), ..scene.caller.clone() };
    for caller in [&stranger, &narrow] {
        let desk = &scene.desk;
        assert!(matches!(desk.begin(caller, scene.wanted()).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.get(caller, id).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.reconnect(caller, id, None, &[]).await, Err(ConnectionError::NotFound)));
        assert!(matches!(desk.complete(caller, id, "x").await, Err(ConnectionError::NotFound)));
        assert!(matches!(
            desk.select(caller, id, &[page("101")], IpClass::Unknown, None).await,
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
    let powerless = tenancy::Caller { scopes: Scopes::default(), ..scene.caller.clone() };
    assert!(matches!(scene.desk.begin(&powerless, scene.wanted()).await, Err(ConnectionError::Denied(_))));
    assert!(matches!(scene.desk.get(&powerless, id).await, Err(ConnectionError::Denied(_))));
    assert!(matches!(scene.desk.disconnect(&powerless, id).await, Err(ConnectionError::Denied(_))));
    assert_eq!(scene.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_return_address_of_an_unknown_origin_is_refused() {
    let scene = Scene::set().await;
    let mut wanted = scene.wanted();
    wanted.return_url = Some("https://evil.example/".parse().unwrap());
    let refused = scene.desk.begin(&scene.caller, wanted.clone()).await;
    assert!(matches!(refused, Err(ConnectionError::Invalid(v)) if v[0].code == "return_url_not_allowed"));
    wanted.caller_origins = vec!["https://evil.example".into()];
    scene.desk.begin(&scene.caller, wanted).await.unwrap();
}
