//! Reconnecting: ids stay, tokens change.

use publishing::connection::{ChannelFilter, ChannelState, Standing};

use super::scene::{PAGES, Scene, candidate, state_of};
use publishing::platform::Platform;

#[tokio::test]
async fn reconnecting_keeps_the_channel_ids_and_replaces_every_token() {
    let scene = Scene::set().await;
    let (id, before) = scene.connect(&["101", "102"]).await;
    let old = scene.count("connection_keys").await;
    scene.run("CREATE TABLE old_keys AS SELECT id FROM connection_keys").await;
    let begun = scene.desk.reconnect(&scene.caller, id, None, &[]).await.unwrap();
    scene.until_choice(id, &state_of(&begun.authorize_url)).await;
    assert_eq!(scene.secrets().await, [1, 3, 1, 2], "the old grant works until the new one replaces it");
    let mut after = scene.select(id, &["103"]).await.unwrap();
    assert_eq!(after.len(), 3, "the channels of the connection go on without being chosen again");
    after.retain(|channel| before.contains(channel));
    assert_eq!(after.len(), 2);
    assert_eq!(scene.count("connection_keys").await, old + 1);
    assert_eq!(scene.count("connection_keys JOIN old_keys USING (id)").await, 0);
    assert_eq!(scene.count("consents WHERE closed_at IS NOT NULL").await, 1);
    assert_eq!(scene.count("consents WHERE closed_at IS NULL").await, 1);
}

#[tokio::test]
async fn a_channel_the_new_grant_does_not_reach_needs_another_login() {
    let scene = Scene::set().await;
    let (id, before) = scene.connect(&["101", "102"]).await;
    scene.platform.0.lock().unwrap().candidates = vec![candidate(Platform::Facebook, "101", true)];
    let begun = scene.desk.reconnect(&scene.caller, id, None, &[]).await.unwrap();
    scene.until_choice(id, &state_of(&begun.authorize_url)).await;
    scene.select(id, &["101"]).await.unwrap();
    let mut states = vec![];
    for channel in before {
        let channel = scene.desk.channel(&scene.caller, channel).await.unwrap();
        states.push((channel.remote_id, channel.state));
    }
    states.sort();
    assert_eq!(states, [("101".into(), ChannelState::Connected), ("102".into(), ChannelState::NeedsReauth)]);
    assert_eq!(scene.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_channel_keeps_its_id_through_a_disconnect_and_another_connection() {
    let scene = Scene::set().await;
    let (first, before) = scene.connect(&["101"]).await;
    scene.desk.disconnect(&scene.caller, first).await.unwrap();
    let (second, after) = scene.connect(&["101"]).await;
    assert_eq!(before, after);
    let channel = scene.desk.channel(&scene.caller, after[0]).await.unwrap();
    assert_eq!((channel.connection, channel.state), (Some(second), ChannelState::Connected));
}

#[tokio::test]
async fn a_channel_that_moves_to_another_connection_ends_the_one_it_leaves_empty() {
    let scene = Scene::set().await;
    let (first, channels) = scene.connect(&["101", "102"]).await;
    let (second, _) = scene.connect(&["101"]).await;
    assert_eq!(scene.desk.get(&scene.caller, first).await.unwrap().connection.standing, Standing::Connected);
    let (third, _) = scene.connect(&["102"]).await;
    assert_eq!(
        scene.desk.get(&scene.caller, first).await.unwrap().connection.standing,
        Standing::Disconnected
    );
    assert_eq!(scene.secrets().await, [0, 4, 2, 2]);
    let filter = ChannelFilter { limit: 10, ..ChannelFilter::default() };
    let found = scene.desk.list_channels(&scene.caller, &filter).await.unwrap();
    assert_eq!(found.len(), channels.len());
    assert!(found.iter().all(|c| [Some(second), Some(third)].contains(&c.connection)));
}

#[tokio::test]
async fn channels_are_listed_page_by_page_and_filtered() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&PAGES).await;
    scene.desk.disconnect_channel(&scene.caller, channels[0]).await.unwrap();
    let mut filter = ChannelFilter { limit: 2, ..ChannelFilter::default() };
    let first = scene.desk.list_channels(&scene.caller, &filter).await.unwrap();
    filter.after = first.last().map(|c| c.id);
    let second = scene.desk.list_channels(&scene.caller, &filter).await.unwrap();
    let mut all: Vec<_> = first.iter().chain(&second).map(|c| c.id).collect();
    all.sort();
    assert_eq!((first.len(), all), (2, channels.clone()));
    let of = |state| ChannelFilter { state: Some(state), limit: 10, ..ChannelFilter::default() };
    let gone = scene.desk.list_channels(&scene.caller, &of(ChannelState::Disconnected)).await.unwrap();
    assert_eq!(gone.iter().map(|c| c.id).collect::<Vec<_>>(), [channels[0]]);
    let through = ChannelFilter {
        connection: Some(id),
        platform: Some(Platform::Facebook),
        limit: 10,
        ..ChannelFilter::default()
    };
    assert_eq!(scene.desk.list_channels(&scene.caller, &through).await.unwrap().len(), 2);
    let instagram =
        ChannelFilter { platform: Some(Platform::Instagram), limit: 10, ..ChannelFilter::default() };
    assert!(scene.desk.list_channels(&scene.caller, &instagram).await.unwrap().is_empty());
}
