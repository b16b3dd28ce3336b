//! A request whose idempotency key went to another one neither begins a login nor ends one.

use publishing::connection::{Begin, ConnectionError, IpClass};
use tenancy::idempotency::Fence;
use uuid::Uuid;

use super::scene::{Scene, page};

#[tokio::test]
async fn no_login_begins_under_an_idempotency_key_that_another_request_has() {
    let scene = Scene::set().await;
    let wanted = Begin { fence: Some(Fence(Uuid::new_v4())), ..scene.wanted() };
    assert!(matches!(scene.desk.begin(&scene.caller, wanted).await, Err(ConnectionError::Conflict)));
    assert_eq!(scene.count("connections").await, 0);
}

#[tokio::test]
async fn nothing_is_chosen_under_an_idempotency_key_that_another_request_has() {
    let scene = Scene::set().await;
    let (id, state) = scene.begin().await;
    scene.until_choice(id, &state).await;
    let lost = Some(Fence(Uuid::new_v4()));
    let refused = scene.desk.select(&scene.caller, id, &[page("101")], IpClass::Unknown, lost).await;
    assert!(matches!(refused, Err(ConnectionError::Conflict)));
    assert_eq!(scene.count("channels").await, 0);
    assert_eq!(scene.select(id, &["101"]).await.unwrap().len(), 1, "the choice is still open");
}
