//! Lists, page by page: `limit` and `after` in, `data` and `next_cursor` out.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;
use tenancy::{
    OrganizationId,
    id::{StaticType, TypeSafeId},
};

use crate::{
    keyed::keyed,
    problem::{Code, Problem},
    value::Cursor,
};

/// One page of a list.
#[derive(Object)]
#[oai(rename = "Page", skip_serializing_if_is_none)]
pub struct Page<T: ParseFromJSON + ToJSON + Type> {
    /// The things of this page, in the order of the list.
    pub data: Vec<T>,
    /// Give this as `after` to read on; absent on the last page.
    pub next_cursor: Option<String>,
}

/// How many things a page holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub u16);

impl Limit {
    /// The largest page.
    pub const MAX: u16 = 100;
    /// The page nobody asked for otherwise.
    pub const DEFAULT: u16 = 20;
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

impl Type for Limit {
    const IS_REQUIRED: bool = false;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "limit".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new_with_format("integer", "int32");
        schema.minimum = Some(1.0);
        schema.maximum = Some(f64::from(Self::MAX));
        schema.default = Some(Self::DEFAULT.into());
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn register(_: &mut Registry) {}

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromParameter for Limit {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.parse::<u16>()?.clamp(1, Self::MAX)))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
        values
            .into_iter()
            .next()
            .map_or_else(|| Ok(Self::default()), |value| Self::parse_from_parameter(value.as_ref()))
    }
}

/// Where to read on, as the previous page said; absent for the first page.
pub type After = Option<Cursor>;

/// Seals the positions of lists, so that nobody can make one up or use one on another list.
///
/// A cursor is a version byte, a 16 byte MAC over the list, the organization and the position, and the position as JSON; in
/// base64url.
#[derive(Clone)]
pub struct Cursors(Hmac<Sha256>);

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors")
    }
}

const VERSION: u8 = 1;
const MAC: usize = 16;

impl Cursors {
    /// With the deployment's key for cursors. All nodes share it; changing it ends the lists that are being read.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(keyed(key))
    }

    /// The cursor for a position in a list of an organization.
    pub fn seal<P: Serialize>(
        &self,
        list: &'static str,
        owner: OrganizationId,
        position: &P,
    ) -> Result<String, Problem> {
        let json =
            serde_json::to_vec(position).map_err(|_| Problem::internal("a position has no JSON form"))?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.mac(list, owner, &json));
        bytes.extend_from_slice(&json);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position that a cursor of this list and organization stands for.
    pub fn open<P: DeserializeOwned>(
        &self,
        list: &'static str,
        owner: OrganizationId,
        cursor: &str,
    ) -> Result<P, Problem> {
        let forged = || Problem::of(Code::InvalidCursor);
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| forged())?;
        let (head, json) = bytes.split_at_checked(1 + MAC).ok_or_else(forged)?;
        let mut expected = self.0.clone();
        Self::feed(&mut expected, list, owner, json);
        expected.verify_truncated_left(&head[1..]).map_err(|_| forged())?;
        if head[0] == VERSION { serde_json::from_slice(json).map_err(|_| forged()) } else { Err(forged()) }
    }

    /// A list of an organization, in parts of `limit`.
    pub const fn list(&self, name: &'static str, owner: OrganizationId, limit: Limit) -> List<'_> {
        List { cursors: self, name, owner, limit }
    }

    fn mac(&self, list: &str, owner: OrganizationId, json: &[u8]) -> [u8; MAC] {
        let mut mac = self.0.clone();
        Self::feed(&mut mac, list, owner, json);
        let mut short = [0; MAC];
        short.copy_from_slice(&mac.finalize().into_bytes()[..MAC]);
        short
    }

    fn feed(mac: &mut Hmac<Sha256>, list: &str, owner: OrganizationId, json: &[u8]) {
        mac.update(&[VERSION]);
        mac.update(list.as_bytes());
        mac.update(&[0]);
        mac.update(owner.uuid().as_bytes());
        mac.update(json);
    }
}

/// A list in order of creation that is read part by part.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    cursors: &'a Cursors,
    name: &'static str,
    owner: OrganizationId,
    limit: Limit,
}

impl List<'_> {
    /// The part to read: one more than asked for, which tells whether there is a next page.
    pub fn part<T: StaticType>(&self, after: Option<&str>) -> Result<tenancy::Page<T>, Problem> {
        let position =
            after.map(|cursor| self.cursors.open::<uuid::Uuid>(self.name, self.owner, cursor)).transpose()?;
        Ok(tenancy::Page { after: position.map(TypeSafeId::from_uuid), limit: self.limit.0 + 1 })
    }

    /// The page that was read.
    pub fn page<R, V, T>(
        &self,
        mut rows: Vec<R>,
        id: impl Fn(&R) -> TypeSafeId<T>,
    ) -> Result<Page<V>, Problem>
    where
        V: From<R> + ParseFromJSON + ToJSON + Type,
        T: StaticType,
    {
        let more = rows.len() > usize::from(self.limit.0);
        rows.truncate(self.limit.0.into());
        let last = rows.last().filter(|_| more).map(|row| id(row).uuid());
        let next_cursor = last.map(|last| self.cursors.seal(self.name, self.owner, &last)).transpose()?;
        Ok(Page { data: rows.into_iter().map(Into::into).collect(), next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&[7; 32])
    }

    #[test]
    fn a_cursor_reads_back_for_its_list_and_its_organization_only() {
        let (mine, other) = (OrganizationId::new(), OrganizationId::new());
        let cursor = cursors().seal("posts", mine, &("2026-01-01", 3)).unwrap();
        assert_eq!(
            cursors().open::<(String, i32)>("posts", mine, &cursor).unwrap(),
            ("2026-01-01".into(), 3)
        );
        assert!(cursors().open::<(String, i32)>("keys", mine, &cursor).is_err());
        assert!(cursors().open::<(String, i32)>("posts", other, &cursor).is_err());
        assert!(Cursors::new(&[8; 32]).open::<(String, i32)>("posts", mine, &cursor).is_err());
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let owner = OrganizationId::new();
        let cursor = cursors().seal("posts", owner, &7).unwrap();
        for index in 0..cursor.len() {
            let mut forged: Vec<u8> = cursor.bytes().collect();
            forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(cursors().open::<i32>("posts", owner, &forged).unwrap_err().code, Code::InvalidCursor);
        }
        for nonsense in ["", "!", "AAAA", "null"] {
            assert!(cursors().open::<i32>("posts", owner, nonsense).is_err());
        }
    }
}
