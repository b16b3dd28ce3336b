//! Connecting: a person's grant becomes channels, and stops being anything when it ends.

mod choose;
mod disconnect;
mod login;

use crate::support::{Person, World};

async fn stage() -> (World, Person) {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    (world, person)
}

/// How many rows hold or protect a token.
async fn tokens(world: &World) -> i64 {
    let count = "SELECT (SELECT count(*) FROM connection_tokens) + (SELECT count(*) FROM channel_tokens)
        + (SELECT count(*) FROM connection_keys) + (SELECT count(*) FROM pending_selections)";
    world.database.number(count).await
}

async fn state(person: &Person, connection: &str) -> String {
    person.get(&format!("/v1/connections/{connection}")).await.is(200).text("/state")
}
