//! The published document: generated from the code, lifted to version 3.1 of its format, and then the source of what every request is
//! checked against. What is not documented is not accepted.

mod defaults;
mod forms;
mod lift;
mod nullable;
mod page;
mod parameters;
mod statuses;
mod yaml;

use std::{collections::HashMap, marker::PhantomData};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    ContactObject, LicenseObject, OpenApi, OpenApiService, ServerObject,
    registry::{MetaApi, Registry},
};
use serde_json::Value;

pub use self::{
    lift::lift,
    page::{DOCS_POLICY, docs},
    yaml::to_yaml,
};
use crate::strict::Schemas;

/// The title of the API.
pub const TITLE: &str = "Postern";

const DESCRIPTION: &str = "Connects Facebook Pages and Instagram professional accounts, keeps the team's posts, publishes \
each one at its time exactly once, and says truthfully what became of it.\n\n\
Requests carry `Authorization: Bearer` with an access token of a session or an API key. Errors are problem details \
(RFC 9457) with a stable `code`. Whatever creates something accepts `Idempotency-Key`; any other operation refuses it. Lists are read page by page with \
`limit` and `after`. Fields that this document does not describe are refused.";

/// The document of one deployment.
#[derive(Debug, Clone)]
pub struct Document(Value);

impl Document {
    /// Generates the document of an API.
    pub fn of<T: OpenApi + 'static>() -> Self {
        let licence = LicenseObject::new("Apache-2.0").identifier("Apache-2.0");
        let service = OpenApiService::new(Described::<T>(PhantomData), TITLE, env!("CARGO_PKG_VERSION"))
            .summary("A headless back end for social publishing")
            .description(DESCRIPTION)
            .contact(ContactObject::new().name("Postern"))
            .license(licence)
            .server(ServerObject::new("/").description("The deployment that serves this document."));
        Self(lift(&service.spec()))
    }

    /// The document as JSON.
    pub const fn json(&self) -> &Value {
        &self.0
    }

    /// The document as YAML, in a stable order.
    pub fn yaml(&self) -> String {
        to_yaml(&self.0)
    }

    /// The named schemas.
    pub fn schemas(&self) -> Schemas {
        self.0["components"]["schemas"].as_object().cloned().unwrap_or_default()
    }

    /// What the document says about one operation; `path` is a template such as `/v1/posts/{id}`.
    pub fn operation(&self, path: &str, method: &str) -> Option<&Value> {
        self.0["paths"].get(path)?.get(method.to_ascii_lowercase())
    }

    /// Every operation: path template, method in lower case, and what the document says.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flatten()
                .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }
}

/// An API that is described and not served.
struct Described<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
