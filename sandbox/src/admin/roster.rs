//! Apps, people, Pages and accounts.

use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::reply::{Done, Refusal, Reply, done, id};
use crate::shared::Shared;
use crate::world::account::AccountType;
use crate::world::page::Task;
use crate::world::people::App;
use crate::world::roster::TokenOrder;
use crate::world::token::{Holder, random_text};
use crate::world::{Id, World};

/// Makes apps, people, Pages and accounts.
pub(super) struct Roster(pub(super) Arc<Shared>);

/// An app to make.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewApp {
    /// The name in the login dialog.
    name: String,
    /// The secret; a random one when absent.
    secret: Option<String>,
    /// Redirect URIs that the dialog accepts, compared byte by byte; none means any.
    #[oai(default)]
    redirect_uris: Vec<String>,
    /// Whether every call needs `appsecret_proof`.
    #[oai(default)]
    require_proof: bool,
}

/// An app that was made.
#[derive(Object)]
struct MadeApp {
    /// `client_id`.
    id: String,
    /// `client_secret`.
    secret: String,
}

/// A person to make.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPerson {
    /// Full name.
    name: String,
}

/// Something that was made.
#[derive(Object)]
struct Made {
    /// Its id.
    id: String,
}

/// A Page to make.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPage {
    /// The name.
    name: String,
    /// The category.
    #[oai(default = "local_business")]
    category: String,
    /// The person with a role on it.
    person_id: String,
    /// What that person may do; everything when absent.
    tasks: Option<Vec<Task>>,
    /// An Instagram account to make and link.
    instagram: Option<NewAccount>,
}

fn local_business() -> String {
    "Local business".to_owned()
}

/// An Instagram account to make.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewAccount {
    /// User name without `@`.
    username: String,
    /// What sort of account; a business when absent. A personal one cannot be published to.
    #[oai(default = "business")]
    account_type: AccountType,
}

fn business() -> AccountType {
    AccountType::Business
}

/// A Page that was made.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MadePage {
    /// Id of the Page.
    id: String,
    /// Id of the linked account.
    instagram_id: Option<String>,
}

/// A role on a Page.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Role {
    /// The person.
    person_id: String,
    /// What the person may do from now on; nothing takes the role away, and its Page tokens answer 190/492.
    tasks: Vec<Task>,
}

/// Many Pages to make.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Bulk {
    /// How many, at most 100,000.
    count: u32,
    /// The app of the tokens; a new one when absent.
    app_id: Option<String>,
    /// The person with every task; a new one when absent.
    person_id: Option<String>,
    /// Whether each Page gets an Instagram account.
    #[oai(default)]
    instagram: bool,
    /// Names are this and a number.
    #[oai(default = "load")]
    prefix: String,
}

fn load() -> String {
    "Load".to_owned()
}

/// Pages that were made.
#[derive(Object)]
struct MadeBulk {
    /// The app.
    app_id: String,
    /// Its secret.
    app_secret: String,
    /// The person.
    person_id: String,
    /// A user token that never expires.
    user_token: String,
    /// The Pages, in the order of their numbers.
    pages: Vec<BulkPage>,
}

/// One of many Pages.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct BulkPage {
    /// Id of the Page.
    id: String,
    /// A Page token that never expires; it also serves the account.
    token: String,
    /// Id of the linked account.
    instagram_id: Option<String>,
}

#[OpenApi]
impl Roster {
    /// Makes an app.
    #[oai(path = "/apps", method = "post", operation_id = "create_app")]
    async fn app(&self, new: Json<NewApp>) -> Reply<MadeApp> {
        let NewApp { name, secret, redirect_uris, require_proof } = new.0;
        let secret = secret.unwrap_or_else(random_text);
        let app = App { name, secret: secret.clone(), redirect_uris, require_proof };
        let id = self.0.world().add_app(None, app).to_string();
        Ok(Json(MadeApp { id, secret }))
    }

    /// Makes a person.
    #[oai(path = "/people", method = "post", operation_id = "create_person")]
    async fn person(&self, new: Json<NewPerson>) -> Reply<Made> {
        let id = self.0.world().add_person(None, &new.0.name).to_string();
        Ok(Json(Made { id }))
    }

    /// Makes a Page, and an Instagram account linked to it.
    #[oai(path = "/pages", method = "post", operation_id = "create_page")]
    async fn page(&self, new: Json<NewPage>) -> Reply<MadePage> {
        let NewPage { name, category, person_id, tasks, instagram } = new.0;
        let mut world = self.0.world();
        let person = person(&world, &person_id)?;
        let tasks = tasks.unwrap_or_else(|| Task::ALL.to_vec());
        let page = world.add_page(None, &name, &category, person, &tasks);
        let account = instagram.map(|it| world.add_account(None, &it.username, &name, it.account_type, page));
        Ok(Json(MadePage { id: page.to_string(), instagram_id: account.map(|id| id.to_string()) }))
    }

    /// Changes what a person may do on a Page.
    #[oai(path = "/pages/:page_id/roles", method = "put", operation_id = "set_role")]
    async fn role(&self, page_id: Path<String>, role: Json<Role>) -> Reply<Done> {
        let mut world = self.0.world();
        let (page, who) = (id(&page_id.0)?, person(&world, &role.0.person_id)?);
        if !world.pages.contains_key(&page) {
            return Err(Refusal::unknown("page", page));
        }
        world.set_role(page, who, &role.0.tasks);
        Ok(done())
    }

    /// Makes many Pages with tokens at once.
    #[oai(path = "/bulk", method = "post", operation_id = "create_many")]
    async fn bulk(&self, order: Json<Bulk>) -> Reply<MadeBulk> {
        let order = order.0;
        if order.count > 100_000 {
            return Err(Refusal::invalid("count: at most 100000"));
        }
        let now = self.0.clock.now();
        let mut world = self.0.world();
        let app = app_or_new(&mut world, order.app_id.as_deref())?;
        let who = match &order.person_id {
            Some(text) => person(&world, text)?,
            None => world.add_person(None, &format!("{} Person", order.prefix)),
        };
        let (user_token, _) = world.add_token(TokenOrder::unlimited(app, Holder::User(who)), now);
        let pages = (1..=order.count).map(|n| one_of_many(&mut world, &order, app, who, n, now)).collect();
        let app_secret = world.apps.get(&app).map(|app| app.secret.clone()).unwrap_or_default();
        Ok(Json(MadeBulk {
            app_id: app.to_string(),
            app_secret,
            person_id: who.to_string(),
            user_token,
            pages,
        }))
    }
}

fn person(world: &World, text: &str) -> Result<Id, Refusal> {
    let id = id(text)?;
    if world.people.contains_key(&id) { Ok(id) } else { Err(Refusal::unknown("person", id)) }
}

fn app_or_new(world: &mut World, text: Option<&str>) -> Result<Id, Refusal> {
    let Some(text) = text else {
        let secret = random_text();
        let name = "Load test".to_owned();
        return Ok(world.add_app(None, App { name, secret, redirect_uris: Vec::new(), require_proof: false }));
    };
    let id = id(text)?;
    if world.apps.contains_key(&id) { Ok(id) } else { Err(Refusal::unknown("app", id)) }
}

fn one_of_many(world: &mut World, order: &Bulk, app: Id, person: Id, n: u32, now: i64) -> BulkPage {
    let page = world.add_page(None, &format!("{} {n}", order.prefix), "Local business", person, &Task::ALL);
    let username = format!("{}.{n}", order.prefix.to_lowercase());
    let account =
        order.instagram.then(|| world.add_account(None, &username, &username, AccountType::Business, page));
    let (token, _) = world.add_token(TokenOrder::unlimited(app, Holder::Page { page, person }), now);
    BulkPage { id: page.to_string(), token, instagram_id: account.map(|id| id.to_string()) }
}
