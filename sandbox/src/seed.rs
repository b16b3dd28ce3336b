//! The default world: fixed ids, a fixed app secret and tokens that never expire, so that any client works at once.

use poem_openapi::Object;

use crate::world::account::AccountType;
use crate::world::page::Task;
use crate::world::people::App;
use crate::world::roster::TokenOrder;
use crate::world::token::Holder;
use crate::world::{Id, Kind, World};

/// What every sandbox with `seed` begins with. Nothing here is a secret: the values are the same everywhere.
#[derive(Debug, Clone, Object)]
pub struct Seed {
    /// Id of the app (`client_id`).
    pub app_id: String,
    /// Secret of the app (`client_secret`).
    pub app_secret: String,
    /// Id of the person who administers the Pages.
    pub person_id: String,
    /// Name of that person.
    pub person_name: String,
    /// A long-lived user token of that person for the app, with every permission.
    pub user_token: String,
    /// The Pages, in the order the account list shows them.
    pub pages: Vec<SeedPage>,
}

/// A Facebook Page of the seed.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SeedPage {
    /// Id of the Page.
    pub id: String,
    /// Name of the Page.
    pub name: String,
    /// A Page token that never expires, with every permission.
    pub token: String,
    /// Whether the person may publish there (has the task `CREATE_CONTENT`).
    pub can_publish: bool,
    /// The linked Instagram professional account.
    pub instagram: Option<SeedAccount>,
}

/// An Instagram professional account of the seed.
#[derive(Debug, Clone, Object)]
pub struct SeedAccount {
    /// Id of the account (`{ig-user-id}`).
    pub id: String,
    /// Its user name.
    pub username: String,
}

/// Page: name, category, whether the person may publish, Instagram user name.
type Row = (&'static str, &'static str, bool, Option<&'static str>);

const PAGES: [Row; 4] = [
    ("Harbour Coffee", "Coffee shop", true, Some("harbour.coffee")),
    ("Lighthouse Books", "Book shop", true, Some("lighthouse.books")),
    ("Pier Street Market", "Market", true, None),
    ("Old Town Museum", "Museum", false, None),
];
const APP_SECRET: &str = "5a4d9b0c1e7f48236a9d0b5e3c7f1a28";
const USER_TOKEN: &str = "EAASANDBOXUSERTOKEN0001";

fn id(kind: Kind, row: usize) -> Id {
    kind.base() + 1 + Id::try_from(row).unwrap_or(0)
}

fn page_token(row: usize) -> String {
    format!("EAASANDBOXPAGETOKEN{:04}", row + 1)
}

impl Seed {
    /// The fixed values.
    #[must_use]
    pub(crate) fn new() -> Self {
        let page = |(row, (name, _, can_publish, instagram)): (usize, &Row)| SeedPage {
            id: id(Kind::Page, row).to_string(),
            name: (*name).to_owned(),
            token: page_token(row),
            can_publish: *can_publish,
            instagram: instagram.map(|username| SeedAccount {
                id: id(Kind::Account, row).to_string(),
                username: username.to_owned(),
            }),
        };
        Self {
            app_id: id(Kind::App, 0).to_string(),
            app_secret: APP_SECRET.to_owned(),
            person_id: id(Kind::Person, 0).to_string(),
            person_name: "Dana Demo".to_owned(),
            user_token: USER_TOKEN.to_owned(),
            pages: PAGES.iter().enumerate().map(page).collect(),
        }
    }
}

/// Puts the default app, person, Pages, accounts and tokens into an empty world.
pub(crate) fn plant(world: &mut World, now: i64) {
    let app = App {
        name: "Postern (sandbox)".to_owned(),
        secret: APP_SECRET.to_owned(),
        redirect_uris: Vec::new(),
        require_proof: false,
    };
    let app = world.add_app(Some(id(Kind::App, 0)), app);
    let dana = world.add_person(Some(id(Kind::Person, 0)), "Dana Demo");
    let user =
        TokenOrder { text: Some(USER_TOKEN.to_owned()), ..TokenOrder::unlimited(app, Holder::User(dana)) };
    let (_, user) = world.add_token(user, now);
    for (row, (name, category, can_publish, instagram)) in PAGES.iter().enumerate() {
        let tasks: &[Task] = if *can_publish { &Task::ALL } else { &[Task::Analyze, Task::Advertise] };
        let page = world.add_page(Some(id(Kind::Page, row)), name, category, dana, tasks);
        if let Some(username) = instagram {
            world.add_account(Some(id(Kind::Account, row)), username, name, AccountType::Business, page);
        }
        let holder = Holder::Page { page, person: dana };
        let token = TokenOrder { text: Some(page_token(row)), ..TokenOrder::unlimited(app, holder) };
        let (text, _) = world.add_token(token, now);
        world.page_tokens.insert((user, page), text);
    }
}
