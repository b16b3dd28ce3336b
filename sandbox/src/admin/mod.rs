//! The admin API under `/_sandbox/`: make the world, read the ledger, script faults.

#![expect(clippy::unused_async, reason = "the OpenApi macro takes async functions only")]

mod faults;
mod observe;
mod origin;
mod reply;
mod roster;
mod settings;
mod tokens;

use std::sync::Arc;

use poem::Route;
use poem_openapi::OpenApiService;

pub(crate) use self::origin::refuse;
use crate::shared::Shared;

/// Routes of the admin API and its document.
pub(crate) fn routes(shared: &Arc<Shared>) -> Route {
    let state = || Arc::clone(shared);
    let apis = (
        roster::Roster(state()),
        tokens::Tokens(state()),
        observe::Observe(state()),
        faults::Script(state()),
        settings::Control(state()),
    );
    let service = OpenApiService::new(apis, "Postern sandbox", env!("CARGO_PKG_VERSION"))
        .description(
            "Makes the world that the stand-in platform plays, observes it and breaks it on purpose.",
        )
        .server("/_sandbox");
    let document = service.spec_endpoint();
    Route::new().nest("/_sandbox", service).at("/_sandbox/openapi.json", document)
}
