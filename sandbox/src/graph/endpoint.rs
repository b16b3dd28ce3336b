//! The endpoints by name, and which of them a call means.

use poem::http::Method;
use poem_openapi::Enum;

use super::call::Call;
use crate::world::{Id, Kind, World};

/// The endpoints, as faults, latencies and the call log name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum Endpoint {
    /// Every endpoint; only faults use it.
    Any,
    /// `/dialog/oauth`.
    Dialog,
    /// `/oauth/access_token`, every grant type.
    Exchange,
    /// `GET /debug_token`.
    DebugToken,
    /// `GET /me` and `GET /{person}`.
    Me,
    /// `GET /me/permissions`.
    Permissions,
    /// `DELETE /me/permissions[/{permission}]`.
    Revoke,
    /// `GET /me/accounts`.
    Accounts,
    /// `GET /{page}`.
    Page,
    /// `POST /{page}/feed`.
    Feed,
    /// `POST /{page}/photos`.
    Photos,
    /// `GET /{page}/feed`, `/posts`, `/published_posts`.
    PublishedPosts,
    /// `GET /{page}_{post}`.
    Post,
    /// `POST /{page}_{post}`.
    PostEdit,
    /// `DELETE /{page}_{post}`.
    PostDelete,
    /// `GET /{photo}`.
    Photo,
    /// `DELETE /{photo}`.
    PhotoDelete,
    /// `GET /{ig}`.
    Account,
    /// `POST /{ig}/media`.
    Media,
    /// `POST /{ig}/media_publish`.
    MediaPublish,
    /// `GET /{container}`.
    ContainerStatus,
    /// `GET /{ig}/content_publishing_limit`.
    ContentPublishingLimit,
    /// `GET /{ig}/media`.
    IgMediaList,
    /// `GET /{media}`.
    IgMedia,
    /// `POST /{media}`.
    IgMediaEdit,
    /// `DELETE /{media}`.
    IgMediaDelete,
    /// `GET /{media}/children`.
    Children,
    /// `GET /?ids=…`.
    Nodes,
    /// `POST /` with `batch`.
    Batch,
    /// Nothing the sandbox has.
    Unknown,
}

impl Endpoint {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 30] = [
        Self::Any,
        Self::Dialog,
        Self::Exchange,
        Self::DebugToken,
        Self::Me,
        Self::Permissions,
        Self::Revoke,
        Self::Accounts,
        Self::Page,
        Self::Feed,
        Self::Photos,
        Self::PublishedPosts,
        Self::Post,
        Self::PostEdit,
        Self::PostDelete,
        Self::Photo,
        Self::PhotoDelete,
        Self::Account,
        Self::Media,
        Self::MediaPublish,
        Self::ContainerStatus,
        Self::ContentPublishingLimit,
        Self::IgMediaList,
        Self::IgMedia,
        Self::IgMediaEdit,
        Self::IgMediaDelete,
        Self::Children,
        Self::Nodes,
        Self::Batch,
        Self::Unknown,
    ];
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    /// The object in the path; 0 where there is none.
    pub(crate) id: Id,
    /// The Page, account or person that faults and the log go by.
    pub(crate) account: Option<Id>,
    /// Number of the token, if it is known.
    pub(crate) token: Option<u64>,
}

/// Finds out what a call means.
pub(crate) fn locate(call: &Call, world: &World) -> Target {
    let token = call.token.as_deref().and_then(|text| world.tokens.get(text));
    let number = token.map(|token| token.number);
    let fixed = |endpoint| Target { endpoint, id: 0, account: None, token: number };
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method.as_str(), path.as_slice()) {
        (_, ["dialog", "oauth"]) => return fixed(Endpoint::Dialog),
        ("GET" | "POST", ["oauth", "access_token"]) => return fixed(Endpoint::Exchange),
        ("GET", ["debug_token"]) => return fixed(Endpoint::DebugToken),
        ("GET", []) => return fixed(Endpoint::Nodes),
        ("POST", []) => return fixed(Endpoint::Batch),
        _ => {}
    }
    let id = match path.first().copied() {
        Some("me") => token.map(|token| token.holder.page().unwrap_or(token.holder.person())),
        Some(text) => object_id(text),
        None => None,
    };
    let endpoint = endpoint_of(&call.method, &path, id.and_then(|id| world.kind(id)));
    Target { endpoint, id: id.unwrap_or(0), account: id.and_then(|id| world.owner(id)), token: number }
}

/// Reads `123` or `{page}_{post}`; of the latter the second half names the object.
pub(crate) fn object_id(text: &str) -> Option<Id> {
    text.rsplit('_').next().and_then(|digits| digits.parse().ok())
}

fn endpoint_of(method: &Method, path: &[&str], kind: Option<Kind>) -> Endpoint {
    let edge = path.get(1).copied();
    if path.first() == Some(&"me") && kind.is_none() && edge.is_none() {
        return Endpoint::Me;
    }
    match kind {
        Some(Kind::Person) => of_person(method, edge),
        Some(Kind::Page) => of_page(method, edge),
        Some(Kind::Account) => of_account(method, edge),
        Some(Kind::Post) => {
            by_method(method, edge, [Endpoint::Post, Endpoint::PostEdit, Endpoint::PostDelete])
        }
        Some(Kind::Photo) => {
            by_method(method, edge, [Endpoint::Photo, Endpoint::Unknown, Endpoint::PhotoDelete])
        }
        Some(Kind::Container) => {
            by_method(method, edge, [Endpoint::ContainerStatus, Endpoint::Unknown, Endpoint::Unknown])
        }
        Some(Kind::Media) if edge == Some("children") && method == Method::GET => Endpoint::Children,
        Some(Kind::Media) => {
            by_method(method, edge, [Endpoint::IgMedia, Endpoint::IgMediaEdit, Endpoint::IgMediaDelete])
        }
        Some(Kind::App) | None => Endpoint::Unknown,
    }
}

fn of_person(method: &Method, edge: Option<&str>) -> Endpoint {
    match (method.as_str(), edge) {
        ("GET", None) => Endpoint::Me,
        ("GET", Some("permissions")) => Endpoint::Permissions,
        ("DELETE", Some("permissions")) => Endpoint::Revoke,
        ("GET", Some("accounts")) => Endpoint::Accounts,
        _ => Endpoint::Unknown,
    }
}

fn of_page(method: &Method, edge: Option<&str>) -> Endpoint {
    match (method.as_str(), edge) {
        ("GET", None) => Endpoint::Page,
        ("GET", Some("feed" | "posts" | "published_posts")) => Endpoint::PublishedPosts,
        ("POST", Some("feed")) => Endpoint::Feed,
        ("POST", Some("photos")) => Endpoint::Photos,
        _ => Endpoint::Unknown,
    }
}

fn of_account(method: &Method, edge: Option<&str>) -> Endpoint {
    match (method.as_str(), edge) {
        ("GET", None) => Endpoint::Account,
        ("POST", Some("media")) => Endpoint::Media,
        ("POST", Some("media_publish")) => Endpoint::MediaPublish,
        ("GET", Some("media")) => Endpoint::IgMediaList,
        ("GET", Some("content_publishing_limit")) => Endpoint::ContentPublishingLimit,
        _ => Endpoint::Unknown,
    }
}

fn by_method(method: &Method, edge: Option<&str>, [get, post, delete]: [Endpoint; 3]) -> Endpoint {
    match (method.as_str(), edge) {
        ("GET", None) => get,
        ("POST", None) => post,
        ("DELETE", None) => delete,
        _ => Endpoint::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_numbers() {
        for (number, endpoint) in Endpoint::ALL.iter().enumerate() {
            assert_eq!(*endpoint as usize, number);
        }
    }

    #[test]
    fn a_post_is_named_by_the_second_half_of_its_id() {
        assert_eq!(object_id("104_712"), Some(712));
        assert_eq!(object_id("712"), Some(712));
        assert_eq!(object_id("harbour"), None);
    }
}
