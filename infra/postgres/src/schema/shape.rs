//! The shape of a table, read from its declaration at compile time, to be compared with `information_schema`.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{Column, QueryableByName, sql_types};

use crate::{
    error::StoreError,
    pool::{Connection, Pool},
};

/// A column: its name, its type as the catalogue abbreviates it, and whether it may be NULL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnShape {
    /// The column's name.
    pub name: String,
    /// `udt_name` of `information_schema.columns`, such as `timestamptz` or `_text`.
    pub udt: String,
    /// Whether NULL is allowed.
    pub nullable: bool,
}

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The table's name.
    pub table: &'static str,
    /// Its columns.
    pub columns: Vec<ColumnShape>,
}

/// Lists the shapes of tables: `shapes![persons, sessions]`.
#[macro_export]
macro_rules! shapes {
    ($($table:ident),* $(,)?) => {
        vec![$($crate::schema::shape::Shape {
            table: stringify!($table),
            columns: <<$table::table as diesel::Table>::AllColumns as $crate::schema::shape::Columns>::shapes(),
        }),*]
    };
}

/// An SQL type that a column can have.
pub trait SqlType {
    /// Its name in the catalogue.
    fn udt() -> String;
    /// Whether it admits NULL.
    const NULLABLE: bool = false;
}

macro_rules! sql_types {
    ($($sql:ident => $udt:literal),* $(,)?) => {$(
        impl SqlType for sql_types::$sql {
            fn udt() -> String {
                $udt.to_owned()
            }
        }
    )*};
}

sql_types! {
    BigInt => "int8", Binary => "bytea", Bool => "bool", Date => "date", Double => "float8", Integer => "int4",
    Interval => "interval", Jsonb => "jsonb", SmallInt => "int2", Text => "text", Time => "time",
    Timestamp => "timestamp", Timestamptz => "timestamptz", Uuid => "uuid",
}

impl<T: SqlType + diesel::sql_types::SqlType> SqlType for sql_types::Nullable<T> {
    fn udt() -> String {
        T::udt()
    }
    const NULLABLE: bool = true;
}

impl<T: SqlType + diesel::sql_types::SqlType> SqlType for sql_types::Array<T> {
    fn udt() -> String {
        format!("_{}", T::udt())
    }
}

/// A tuple of columns.
pub trait Columns {
    /// Their shapes.
    fn shapes() -> Vec<ColumnShape>;
}

macro_rules! columns {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first, $($rest),*> Columns for ($first, $($rest,)*)
        where
            $first: Column<SqlType: SqlType>,
            $($rest: Column<SqlType: SqlType>,)*
        {
            fn shapes() -> Vec<ColumnShape> {
                vec![column::<$first>(), $(column::<$rest>()),*]
            }
        }
        columns!($($rest)*);
    };
}

columns!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z A1 B1 C1 D1 E1 F1);

fn column<C: Column<SqlType: SqlType>>() -> ColumnShape {
    ColumnShape { name: C::NAME.to_owned(), udt: C::SqlType::udt(), nullable: C::SqlType::NULLABLE }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = sql_types::Text)]
    table_name: String,
    #[diesel(sql_type = sql_types::Text)]
    column_name: String,
    #[diesel(sql_type = sql_types::Text)]
    udt_name: String,
    #[diesel(sql_type = sql_types::Bool)]
    nullable: bool,
    #[diesel(sql_type = sql_types::Bool)]
    fills_itself: bool,
}

/// A column of a table.
type Place = (String, ColumnShape);

/// The columns that are there, and whether a row may leave them out.
async fn found(c: &mut Connection) -> Result<BTreeMap<Place, bool>, StoreError> {
    use diesel_async::RunQueryDsl;
    let found: Vec<Found> = diesel::sql_query(
        "SELECT table_name::text, column_name::text, udt_name::text, is_nullable = 'YES' AS nullable, \
             column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS' AS fills_itself \
         FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%'",
    )
    .load(c)
    .await?;
    let column = |f: Found| {
        let shape = ColumnShape { name: f.column_name, udt: f.udt_name, nullable: f.nullable };
        ((f.table_name, shape), f.nullable || f.fills_itself)
    };
    Ok(found.into_iter().map(column).collect())
}

fn places(declared: &[Shape]) -> BTreeSet<Place> {
    declared.iter().flat_map(|t| t.columns.iter().map(|c| (t.table.to_owned(), c.clone()))).collect()
}

fn say((table, c): &Place, what: &str) -> String {
    format!("{table}.{} {}{} is {what}", c.name, c.udt, if c.nullable { "" } else { " not null" })
}

const MISSING: &str = "declared but not in the database";
const UNKNOWN: &str = "in the database but not declared";

/// Compares shapes with the database, both ways.
pub async fn differences(declared: &[Shape], pool: &Pool) -> Result<Vec<String>, StoreError> {
    let found: BTreeSet<_> = found(&mut *pool.get().await?).await?.into_keys().collect();
    let declared = places(declared);
    let missing = declared.difference(&found).map(|place| say(place, MISSING));
    let unknown = found.difference(&declared).map(|place| say(place, UNKNOWN));
    Ok(missing.chain(unknown).collect())
}

/// The differences that matter to whoever works with these shapes: what they declare is not there, or their tables demand a
/// column that they do not write.
pub(super) async fn misfits(declared: &[Shape], c: &mut Connection) -> Result<Vec<String>, StoreError> {
    let found = found(c).await?;
    let known: BTreeSet<_> = declared.iter().map(|shape| shape.table).collect();
    let declared = places(declared);
    let missing = declared.iter().filter(|place| !found.contains_key(place)).map(|place| say(place, MISSING));
    let demanded = found
        .iter()
        .filter(|(place, optional)| {
            !**optional && known.contains(place.0.as_str()) && !declared.contains(place)
        })
        .map(|(place, _)| say(place, UNKNOWN));
    Ok(missing.chain(demanded).collect())
}
