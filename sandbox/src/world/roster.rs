//! Making apps, people, Pages and accounts.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::account::{Account, AccountType};
use super::page::{Page, Task};
use super::people::{App, Person};
use super::token::{Holder, Token, random_text};
use super::{Id, Kind, World};
use crate::clock::DAY;
use crate::graph::scopes;

/// Which token to make.
pub(crate) struct TokenOrder {
    pub(crate) app: Id,
    pub(crate) holder: Holder,
    /// The text; a random one when absent.
    pub(crate) text: Option<String>,
    /// Every permission the sandbox knows, when absent.
    pub(crate) scopes: Option<Vec<String>>,
    /// Pages it reaches; all when absent.
    pub(crate) pages: Option<Vec<Id>>,
    /// Milliseconds it lives; for ever when absent.
    pub(crate) lifetime_ms: Option<i64>,
}

impl TokenOrder {
    /// A token that never expires and may do everything.
    pub(crate) fn unlimited(app: Id, holder: Holder) -> Self {
        Self { app, holder, text: None, scopes: None, pages: None, lifetime_ms: None }
    }
}

impl World {
    /// Makes an app.
    pub(crate) fn add_app(&mut self, id: Option<Id>, app: App) -> Id {
        let id = id.unwrap_or_else(|| self.fresh(Kind::App));
        self.apps.insert(id, app);
        id
    }

    /// Makes a person without Pages.
    pub(crate) fn add_person(&mut self, id: Option<Id>, name: &str) -> Id {
        let id = id.unwrap_or_else(|| self.fresh(Kind::Person));
        self.people.insert(id, Person { name: name.to_owned(), pages: Vec::new() });
        self.order.push(id);
        id
    }

    /// Makes a Page on which a person has tasks.
    pub(crate) fn add_page(
        &mut self,
        id: Option<Id>,
        name: &str,
        category: &str,
        person: Id,
        tasks: &[Task],
    ) -> Id {
        let id = id.unwrap_or_else(|| self.fresh(Kind::Page));
        let page = Page {
            id,
            name: name.to_owned(),
            category: category.to_owned(),
            account: None,
            roles: HashMap::new(),
            posts: Vec::new(),
        };
        self.pages.insert(id, page);
        self.order.push(id);
        self.set_role(id, person, tasks);
        id
    }

    /// Gives a person these tasks on a Page; none takes the role away.
    pub(crate) fn set_role(&mut self, page: Id, person: Id, tasks: &[Task]) {
        let (Some(it), Some(who)) = (self.pages.get_mut(&page), self.people.get_mut(&person)) else { return };
        if tasks.is_empty() {
            it.roles.remove(&person);
            who.pages.retain(|id| *id != page);
        } else {
            let before = it.roles.insert(person, tasks.to_vec());
            if before.is_none() {
                who.pages.push(page);
            }
        }
    }

    /// Makes an Instagram account and links it to a Page.
    pub(crate) fn add_account(
        &mut self,
        id: Option<Id>,
        username: &str,
        name: &str,
        kind: AccountType,
        page: Id,
    ) -> Id {
        let id = id.unwrap_or_else(|| self.fresh(Kind::Account));
        let mut account = Account::new(id, username.to_owned(), name.to_owned(), kind);
        account.page = Some(page);
        self.accounts.insert(id, account);
        self.order.push(id);
        if let Some(page) = self.pages.get_mut(&page) {
            page.account = Some(id);
        }
        id
    }

    /// Makes a token without any dialog; returns its text and number.
    pub(crate) fn add_token(&mut self, order: TokenOrder, now: i64) -> (String, u64) {
        let text = order.text.unwrap_or_else(random_text);
        let all = || scopes::KNOWN.iter().map(|scope| (*scope).to_owned()).collect();
        let token = Token {
            number: 0,
            app: order.app,
            holder: order.holder,
            scopes: order.scopes.unwrap_or_else(all),
            pages: order.pages,
            issued_ms: now,
            expires_ms: order.lifetime_ms.map(|life| now.saturating_add(life)),
            data_until_ms: now.saturating_add(90 * DAY),
            revoked: None,
            generation: self.generation(order.app, order.holder.person()),
            proof: OnceLock::new(),
        };
        let number = self.keep_token(text.clone(), token);
        (text, number)
    }
}
