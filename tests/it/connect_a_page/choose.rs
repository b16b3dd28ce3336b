//! The choice: what becomes a channel, and what is forgotten.

use serde_json::{Value, json};

use super::{stage, tokens};
use crate::support::{
    person::Login,
    sandbox::{ACCOUNT, PAGE, PERSON},
};

fn offer<'a>(offered: &'a [Value], platform: &str, remote_id: &str) -> Option<&'a Value> {
    offered.iter().find(|one| one["platform"] == platform && one["remote_id"] == remote_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_what_was_not_chosen_are_shredded_with_the_choice() {
    let (world, person) = stage().await;
    let login = person.begin().await;
    let offered = person.complete(&login, &[]).await;
    assert!(offered.len() >= 6, "{offered:?}");
    assert_eq!(world.database.number("SELECT count(*) FROM pending_selections").await, 1);
    person.choose(&login.connection, json!([{ "platform": "facebook", "remote_id": PAGE }])).await.is(200);
    // One key and one token of the person, one of each of the chosen channel.
    assert_eq!(tokens(&world).await, 4);
    assert_eq!(world.database.number("SELECT count(*) FROM pending_selections").await, 0);
    assert_eq!(world.database.number("SELECT count(*) FROM channels").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_the_right_to_create_content_is_shown_and_cannot_be_chosen() {
    let (_world, person) = stage().await;
    let login = person.begin().await;
    let offered = person.complete(&login, &[]).await;
    let museum = "104000000000004";
    assert_eq!(offer(&offered, "facebook", museum).unwrap()["can_publish"], false);
    let refused =
        person.choose(&login.connection, json!([{ "platform": "facebook", "remote_id": museum }])).await;
    let refused = refused.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/candidates/0".into(), "candidate_cannot_publish".into())]);
    let strange = json!([
        { "platform": "facebook", "remote_id": PAGE }, { "platform": "facebook", "remote_id": PAGE },
        { "platform": "facebook", "remote_id": "1" }
    ]);
    let refused = person.choose(&login.connection, strange).await.refuses(422, "validation_failed");
    let codes: Vec<_> = refused.violations().into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["candidate_repeated", "candidate_unknown"]);
    person.choose(&login.connection, json!([{ "platform": "facebook", "remote_id": PAGE }])).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_personal_instagram_account_cannot_be_connected_and_the_answer_says_why() {
    let (world, person) = stage().await;
    let page = json!({
        "name": "Private", "person_id": PERSON, "instagram": { "username": "just.me", "account_type": "PERSONAL" }
    });
    let made = world.sandbox.admin("POST", "/pages", page).await;
    let account = made["instagram_id"].as_str().unwrap();
    let login = person.begin().await;
    let offered = person.complete(&login, &[]).await;
    assert!(offer(&offered, "facebook", made["id"].as_str().unwrap()).is_some());
    assert!(offer(&offered, "instagram", account).is_none(), "{offered:?}");
    let refused =
        person.choose(&login.connection, json!([{ "platform": "instagram", "remote_id": account }])).await;
    let refused = refused.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/candidates/0".into(), "ig_account_type".into())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_again_keeps_the_ids_of_the_channels() {
    let (world, person) = stage().await;
    let channels = person.connect().await;
    let path = format!("/v1/connections/{}/reconnect", channels.connection);
    let login = Login::of(&person.post(&path, json!({})).await.is(200));
    let again = person.finish(&login, &[("facebook", PAGE), ("instagram", ACCOUNT)]).await;
    let ids: Vec<_> = again.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&&*channels.facebook) && ids.contains(&&*channels.instagram), "{ids:?}");
    person.delete(&format!("/v1/connections/{}", channels.connection)).await.is(204);
    let anew = person.connect().await;
    assert_ne!(anew.connection, channels.connection);
    assert_eq!((anew.facebook, anew.instagram), (channels.facebook, channels.instagram));
    assert_eq!(world.database.number("SELECT count(*) FROM channels").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_was_declined_is_named_and_stops_the_scheduling() {
    let (_world, person) = stage().await;
    let login = person.begin().await;
    let all = [
        "pages_show_list",
        "pages_read_engagement",
        "pages_manage_posts",
        "instagram_basic",
        "business_management",
    ];
    let mut answers: Vec<_> = all.iter().map(|name| ("permission", *name)).collect();
    answers.extend([("chosen", "1"), ("page", PAGE), ("account", ACCOUNT)]);
    let offered = person.complete(&login, &answers).await;
    assert!(offer(&offered, "instagram", ACCOUNT).is_some(), "{offered:?}");
    let chosen = person
        .choose(&login.connection, json!([{ "platform": "instagram", "remote_id": ACCOUNT }]))
        .await
        .is(200);
    assert_eq!(chosen.body["channels"][0]["health"]["missing_scopes"], json!(["instagram_content_publish"]));
    assert_eq!(chosen.body["channels"][0]["health"]["can_publish"], false);
    let id = chosen.text("/channels/0/id");
    let body = json!({ "workspace_id": person.workspace, "caption": "x", "targets": [{ "channel_id": id }] });
    let judged = person.post("/v1/posts/validate", body).await.is(200);
    assert!(
        judged.violations().contains(&("/targets/0/channel_id".into(), "channel_scope_missing".into())),
        "{judged:?}"
    );
}
