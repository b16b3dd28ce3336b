//! The person's word after the platform's dialog: who is asked, what is kept until then, and what a no destroys.

use chrono::TimeDelta;
use publishing::{
    connection::{Back, Begin, ConnectionError, ConnectionState, Failure, Onward, Question, Stale, Standing},
    id::ConnectionId,
};
use tenancy::Caller;

use super::scene::{Scene, parameter, state_of};

/// Begins a login, agrees in the dialog, and gives the page that asks.
async fn asked(scene: &Scene, caller: &Caller, wanted: Begin) -> (ConnectionId, Box<Question>) {
    let begun = scene.desk.begin(caller, wanted).await.unwrap();
    match scene.agree(&state_of(&begun.authorize_url)).await.unwrap().onward {
        Onward::Ask(question) => (begun.connection, question),
        other => panic!("nobody is asked: {other:?}"),
    }
}

/// A login whose way back is nobody's list but the key's.
fn foreign(scene: &Scene) -> Begin {
    Begin {
        return_url: Some("https://tool.example/done?tab=2".parse().unwrap()),
        caller_origins: vec!["https://tool.example".into()],
        ..scene.wanted()
    }
}

fn is<T>(answer: &Result<T, ConnectionError>, stale: Stale) -> bool {
    matches!(answer, Err(ConnectionError::Stale(found)) if *found == stale)
}

#[tokio::test]
async fn only_a_session_with_an_address_of_the_deployment_goes_on_without_being_asked() {
    let scene = Scene::set().await;
    let robot = scene.robot();
    let code_on_a_page = Begin { return_url: None, ..scene.wanted() };
    asked(&scene, &scene.caller, code_on_a_page.clone()).await;
    asked(&scene, &robot, code_on_a_page).await;
    asked(&scene, &robot, foreign(&scene)).await;
    asked(&scene, &robot, scene.wanted()).await;
    asked(&scene, &scene.caller, foreign(&scene)).await;
    let (_, state) = scene.begin().await;
    assert!(matches!(scene.agree(&state).await.unwrap().onward, Onward::Go(_)));
}

#[tokio::test]
async fn the_question_names_who_asks_and_where_they_will_publish_and_nothing_else() {
    let scene = Scene::set().await;
    let (_, question) = asked(&scene, &scene.robot(), foreign(&scene)).await;
    assert_eq!((question.organization.as_str(), question.workspace.as_str()), ("Harbour", "Coffee"));
    let names: Vec<_> = question.places.iter().map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["Channel 101", "Channel 102", "Channel 103"], "109 cannot be published to");
    assert_eq!(question.return_url.unwrap().as_str(), "https://tool.example/done?tab=2");
}

#[tokio::test]
async fn until_the_person_says_yes_there_is_no_completion_code_and_the_nonce_is_not_one() {
    let scene = Scene::set().await;
    let robot = scene.robot();
    let (id, question) = asked(&scene, &robot, foreign(&scene)).await;
    assert_eq!(scene.count("connection_attempts WHERE completion_hash IS NOT NULL").await, 0);
    let early = scene.desk.complete(&robot, id, question.nonce.expose()).await;
    assert!(matches!(early, Err(ConnectionError::WrongState)));
    let view = scene.desk.get(&robot, id).await.unwrap();
    assert_eq!(view.connection.state(*scene.clock.0.lock().unwrap()), ConnectionState::AwaitingPerson);
    let Onward::Go(url) = scene.desk.confirm(question.nonce.expose()).await.unwrap().onward else {
        panic!("not sent on")
    };
    assert!(
        url.as_str().starts_with(&format!("https://tool.example/done?tab=2&connection={id}&completion="))
    );
    scene.desk.complete(&robot, id, &parameter(&url, "completion")).await.unwrap();
}

#[tokio::test]
async fn a_no_leaves_no_row_of_the_grant_and_takes_it_back_on_the_platform() {
    let scene = Scene::set().await;
    let robot = scene.robot();
    let (id, question) = asked(&scene, &robot, foreign(&scene)).await;
    assert_eq!(scene.secrets().await, [1, 0, 0, 0]);
    let declined = scene.desk.decline(question.nonce.expose()).await.unwrap();
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    assert!(matches!(declined.onward, Onward::Ended { failure: Failure::Declined, client: Some(url) }
        if parameter(&url, "error") == "declined"));
    scene.desk.revoke(&declined.revoke.unwrap()).await;
    assert_eq!(scene.platform.0.lock().unwrap().revoked, ["canary-person-dana"]);
    let view = scene.desk.get(&robot, id).await.unwrap();
    assert_eq!(view.connection.failure(), Some(Failure::Declined));
    assert!(is(&scene.desk.confirm(question.nonce.expose()).await, Stale::Used), "a no is final");
}

#[tokio::test]
async fn a_no_to_another_login_of_a_connection_leaves_the_connection_as_it_was() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101"]).await;
    let before = scene.secrets().await;
    let begun = scene.desk.reconnect(&scene.caller, id, None, &[]).await.unwrap();
    let Onward::Ask(question) = scene.agree(&state_of(&begun.authorize_url)).await.unwrap().onward else {
        panic!("nobody is asked")
    };
    let declined = scene.desk.decline(question.nonce.expose()).await.unwrap();
    assert!(declined.revoke.is_none(), "the platform would take back what the connection rests on");
    assert_eq!(scene.secrets().await, before);
    assert_eq!(scene.desk.get(&scene.caller, id).await.unwrap().connection.standing, Standing::Connected);
}

#[tokio::test]
async fn a_nonce_is_good_for_one_answer_to_its_own_login_in_time() {
    let scene = Scene::set().await;
    let robot = scene.robot();
    let (first, one) = asked(&scene, &robot, foreign(&scene)).await;
    let (second, other) = asked(&scene, &robot, foreign(&scene)).await;
    assert!(is(&scene.desk.confirm("guessed").await, Stale::Unknown));
    assert!(is(&scene.desk.decline("guessed").await, Stale::Unknown));
    let Onward::Go(url) = scene.desk.confirm(other.nonce.expose()).await.unwrap().onward else {
        panic!("not sent on")
    };
    let code = parameter(&url, "completion");
    assert!(is(&scene.desk.confirm(other.nonce.expose()).await, Stale::Used));
    assert!(is(&scene.desk.decline(other.nonce.expose()).await, Stale::Used));
    let crossed = scene.desk.complete(&robot, first, &code).await;
    assert!(matches!(crossed, Err(ConnectionError::WrongState)), "the first login waits for its own person");
    scene.desk.complete(&robot, second, &code).await.unwrap();
    scene.clock.advance(TimeDelta::minutes(13));
    assert!(is(&scene.desk.confirm(one.nonce.expose()).await, Stale::Expired));
    assert_eq!(scene.secrets().await[0], 2);
    scene.desk.decline(one.nonce.expose()).await.unwrap();
    assert_eq!(scene.secrets().await[0], 1, "it is never too late to say no");
}

#[tokio::test]
async fn two_answers_at_once_are_one_answer() {
    let scene = Scene::set().await;
    let (_, question) = asked(&scene, &scene.robot(), foreign(&scene)).await;
    let nonce = question.nonce.expose();
    let (yes, no) = tokio::join!(scene.desk.confirm(nonce), scene.desk.decline(nonce));
    assert_ne!(yes.is_ok(), no.is_ok());
    assert_eq!(scene.secrets().await[0], i64::from(yes.is_ok()));
}

#[tokio::test]
async fn a_newer_login_or_a_disconnect_voids_the_page_of_the_older() {
    let scene = Scene::set().await;
    let robot = scene.robot();
    let (id, old) = asked(&scene, &robot, foreign(&scene)).await;
    scene.desk.reconnect(&robot, id, None, &[]).await.unwrap();
    assert!(is(&scene.desk.confirm(old.nonce.expose()).await, Stale::Unknown));
    let (id, open) = asked(&scene, &robot, foreign(&scene)).await;
    scene.desk.disconnect(&robot, id).await.unwrap();
    assert!(is(&scene.desk.confirm(open.nonce.expose()).await, Stale::Unknown));
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn who_fails_at_the_platform_is_sent_on_by_nobody_but_the_deployments_own_sessions() {
    let scene = Scene::set().await;
    let begun = scene.desk.begin(&scene.robot(), foreign(&scene)).await.unwrap();
    let back = scene.desk.came_back(&state_of(&begun.authorize_url), Back::Denied).await.unwrap();
    assert!(matches!(back.onward, Onward::Ended { failure: Failure::AccessDenied, client: Some(url) }
        if parameter(&url, "error") == "access_denied"));
}
