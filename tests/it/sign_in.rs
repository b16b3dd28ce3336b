//! Signing up, in and out, and what strangers who try learn from it: nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    Caller, Reply, World,
    person::{PASSWORD, Person, registration},
    until::until,
};

fn credentials(mail: &str, password: &str) -> Value {
    json!({ "mail": mail, "password": password })
}

/// Insists that a token is refused within a second.
async fn is_refused_within_a_second(caller: &Caller) {
    let begun = Instant::now();
    let ask = async || caller.get("/v1/me").await;
    let refused = until("refused", ask, |reply: &Reply| reply.status == 401).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "only after {:?}", begun.elapsed());
    refused.refuses(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_registers_finds_an_organization_and_a_workspace() {
    let world = World::start().await;
    let person = world.sign_up("Lighthouse Books").await;
    assert_eq!(person.get("/v1/me").await.is(200).text("/person/mail"), person.mail);
    assert_eq!(person.get("/v1/organization").await.is(200).text("/name"), "Lighthouse Books");
    world.nobody().get("/v1/me").await.refuses(401, "authentication_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_registers_too_young_unaware_or_with_a_short_password() {
    let world = World::start().await;
    let register = async |change: Value| {
        let mut body = registration("new@example.org", PASSWORD, "New");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.nobody().post("/v1/registrations", body).await.refuses(422, "validation_failed")
    };
    for change in [
        json!({ "is_of_age": false }),
        json!({ "acknowledged_notice": "0" }),
        json!({ "password": "too short" }),
        json!({ "mail": "not a mail address" }),
    ] {
        let member = change.as_object().unwrap().keys().next().unwrap().clone();
        let refused = register(change).await;
        assert_eq!(refused.violations()[0].0, format!("/{member}"));
    }
    assert_eq!(world.database.number("SELECT count(*) FROM persons").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_good_for_one_use_and_a_second_use_ends_the_session() {
    let world = World::start().await;
    let person = world.sign_up("Rotation").await;
    let refresh = async |token: &str| {
        world.nobody().post("/v1/sessions/refresh", json!({ "refresh_token": token })).await
    };
    let second = refresh(&person.refresh_token).await.is(200);
    let renewed = person.with(&second.text("/access_token"));
    renewed.get("/v1/me").await.is(200);
    assert_ne!(second.text("/refresh_token"), person.refresh_token);
    refresh(&person.refresh_token).await.is(401);
    // Whoever has the newer token, the thief or the person, is out as well.
    refresh(&second.text("/refresh_token")).await.is(401);
    is_refused_within_a_second(&renewed).await;
    is_refused_within_a_second(&person).await;
    let reason = "SELECT count(*) FROM sessions WHERE end_reason = 'reused_token'";
    assert_eq!(world.database.number(reason).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_at_once() {
    let world = World::start().await;
    let person = world.sign_up("Leaving").await;
    person.delete("/v1/sessions/current").await.is(204);
    is_refused_within_a_second(&person).await;
    let refresh = json!({ "refresh_token": person.refresh_token });
    world.nobody().post("/v1/sessions/refresh", refresh).await.is(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_ends_another_session_of_their_own_within_a_second() {
    let world = World::start().await;
    let person = world.sign_up("Two devices").await;
    let lost = world.nobody().post("/v1/sessions", credentials(&person.mail, PASSWORD)).await.is(201);
    let phone = person.with(&lost.text("/access_token"));
    phone.get("/v1/me").await.is(200);
    assert_eq!(person.get("/v1/sessions").await.is(200).body["data"].as_array().unwrap().len(), 2);
    person.delete(&format!("/v1/sessions/{}", lost.text("/id"))).await.is(204);
    is_refused_within_a_second(&phone).await;
    person.get("/v1/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_refused_within_a_second() {
    let world = World::start().await;
    let person = world.sign_up("Robots").await;
    let (id, robot) = person.grant(json!({ "name": "robot", "scopes": ["posts:read"] })).await;
    robot.get("/v1/posts").await.is(200);
    robot.post("/v1/posts", json!({ "workspace_id": person.workspace })).await.refuses(403, "scope_missing");
    person.delete(&format!("/v1/api_keys/{id}")).await.is(204);
    let begun = Instant::now();
    let ask = async || robot.get("/v1/posts").await.status;
    until("refused", ask, |status| *status == 401).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "only after {:?}", begun.elapsed());
}

/// What a stranger sees: everything but the id of the request.
fn seen(reply: Reply) -> (u16, Value) {
    let mut body = reply.body;
    body.as_object_mut().unwrap().remove("request_id");
    (reply.status, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_cannot_tell_who_has_an_account() {
    let world = World::start().await;
    let (person, nobody) = (world.sign_up("Known").await, world.nobody());
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let sign_in = async |mail: &str, times: &mut Vec<Duration>| {
        let begun = Instant::now();
        let reply = nobody.post("/v1/sessions", credentials(mail, "a wrong password")).await;
        times.push(begun.elapsed());
        seen(reply.refuses(401, "invalid_credentials"))
    };
    for round in 0..4 {
        let there = sign_in(&person.mail, &mut known).await;
        let not_there = sign_in(&format!("unknown{round}@example.org"), &mut unknown).await;
        assert_eq!(there, not_there);
    }
    // Both take a password's hash; without it an unknown address would be answered a hundred times faster.
    let (fast, slow) = (unknown.iter().min().unwrap(), known.iter().min().unwrap());
    assert!(fast.as_secs_f64() > slow.as_secs_f64() * 0.5, "{unknown:?} against {known:?}");
    let register = async |mail: &str| {
        let body = registration(mail, "another long password", "Mine");
        seen(nobody.post("/v1/registrations", body).await.is(202))
    };
    assert_eq!(register(&person.mail).await, register("nobody@example.org").await);
    nobody.post("/v1/sessions", credentials(&person.mail, PASSWORD)).await.is(201);
    nobody.post("/v1/sessions", credentials(&person.mail, "another long password")).await.is(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_is_slowed_down_even_when_the_guess_is_right() {
    let world = World::start().await;
    let person = world.sign_up("Guessed").await;
    let attempt =
        async |password: &str| world.nobody().post("/v1/sessions", credentials(&person.mail, password)).await;
    let mut answers = Vec::new();
    for guess in 0..8 {
        answers.push(attempt(&format!("guess number {guess}")).await);
    }
    assert!(answers[..5].iter().all(|reply| reply.status == 401), "{answers:?}");
    let slowed = answers.into_iter().find(|reply| reply.status == 429).unwrap();
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() >= 1);
    slowed.refuses(429, "too_many_attempts");
    // Guesses during the pause are not looked at, right or wrong.
    world.database.execute("UPDATE throttles SET blocked_until = now() + interval '1 minute'", &[]).await;
    attempt(PASSWORD).await.refuses(429, "too_many_attempts");
    world.database.execute("UPDATE throttles SET blocked_until = now()", &[]).await;
    attempt(PASSWORD).await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_this_deployment_did_not_sign_are_refused() {
    let (world, other) = (World::start().await, World::start().await);
    let person = world.sign_up("Here").await;
    let stranger = Person::sign_up(&other.base, "There").await;
    let genuine = person.token.clone().unwrap();
    let mut parts = genuine.split('.');
    let (head, claims) = (parts.next().unwrap(), parts.next().unwrap());
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let forged = [
        format!("{none}.{claims}."),
        format!("{head}.{claims}."),
        format!("{head}.{claims}.{}", "A".repeat(86)),
        stranger.token.clone().unwrap(),
        "pstn_0123456789".to_owned(),
    ];
    for token in forged {
        person.with(&token).get("/v1/me").await.refuses(401, "invalid_token");
    }
    person.get("/v1/me").await.is(200);
}
