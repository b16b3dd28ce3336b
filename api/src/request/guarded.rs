//! Puts a guard around every operation of an API.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use poem::{
    EndpointExt, IntoResponse, Request,
    endpoint::BoxEndpoint,
    http::{Method, header},
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};

use super::{
    Context,
    guard::{Gate, Guard},
};
use crate::{
    document::Document,
    problem::{Code, Problem},
};

/// An API whose every operation is guarded.
pub struct Guarded<T> {
    /// The API.
    pub api: T,
    /// Its document.
    pub document: Arc<Document>,
    /// What the guard asks.
    pub gate: Gate,
}

type Routes = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

impl<T: OpenApi> OpenApi for Guarded<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, table: &mut Routes) {
        let mut routes = Routes::new();
        self.api.add_routes(&mut routes);
        let schemas = Arc::new(self.document.schemas());
        let templates: HashMap<String, &str> =
            self.document.operations().map(|(path, ..)| (as_route(path), path)).collect();
        for (route, methods) in routes {
            let template = templates.get(&route).copied().unwrap_or(&route);
            let known: BTreeSet<String> = methods.keys().map(ToString::to_string).collect();
            let guarded = table.entry(route.clone()).or_default();
            for (method, inner) in methods {
                let described =
                    self.document.operation(template, method.as_str()).cloned().unwrap_or_default();
                let guard = Guard::new(&described, template, &schemas, &self.gate, inner);
                guarded.insert(method, EndpointExt::boxed(guard));
            }
            add_refusals(guarded, template, &known);
        }
    }
}

/// The router's form of a template: `/v1/posts/{id}` is `/v1/posts/:param0`.
fn as_route(template: &str) -> String {
    let mut count = 0;
    let steps = template.split('/').map(|step| {
        if step.starts_with('{') {
            count += 1;
            format!(":param{}", count - 1)
        } else {
            step.to_owned()
        }
    });
    steps.collect::<Vec<_>>().join("/")
}

/// The methods that the router can tell apart, besides HEAD, which it treats as GET.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE];

/// Gives a method that the router does not know (anybody may register one, RFC 9110 §16.1) the fate of TRACE, which no
/// operation has: the refusal that says which methods there are.
pub async fn refusable(mut request: Request) -> poem::Result<Request> {
    if *request.method() != Method::HEAD && !METHODS.contains(request.method()) {
        request.set_method(Method::TRACE);
    }
    Ok(request)
}

/// The methods that do not exist say which do.
fn add_refusals(
    methods: &mut HashMap<Method, BoxEndpoint<'static>>,
    template: &str,
    known: &BTreeSet<String>,
) {
    let allowed: Arc<str> = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ").into();
    let template: Arc<str> = template.into();
    for method in METHODS.into_iter().filter(|method| !known.contains(method.as_str())) {
        let (allowed, template) = (Arc::clone(&allowed), Arc::clone(&template));
        let refuse = poem::endpoint::make_sync(move |request: Request| {
            if let Ok(context) = Context::of(&request) {
                context.route(&template);
            }
            Problem::of(Code::MethodNotAllowed).header(header::ALLOW, &allowed).into_response()
        });
        methods.insert(method, EndpointExt::boxed(refuse));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_found_again_in_the_routers_form() {
        assert_eq!(as_route("/v1/posts/{id}/publications/{pub}"), "/v1/posts/:param0/publications/:param1");
    }
}
