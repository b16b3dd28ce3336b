//! The shape of a table, read from its declaration at compile time, to be compared with `information_schema`.

use std::collections::BTreeSet;

use diesel::{Column, QueryableByName, sql_types};

use crate::{error::StoreError, pool::Pool};

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
}

/// Compares shapes with the database, both ways.
pub async fn differences(declared: &[Shape], pool: &Pool) -> Result<Vec<String>, StoreError> {
    use diesel_async::RunQueryDsl;
    let mut connection = pool.get().await?;
    let found: Vec<Found> = diesel::sql_query(
        "SELECT table_name::text, column_name::text, udt_name::text, is_nullable = 'YES' AS nullable \
         FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%'",
    )
    .load(&mut connection)
    .await?;
    let found: BTreeSet<_> = found
        .into_iter()
        .map(|f| (f.table_name, ColumnShape { name: f.column_name, udt: f.udt_name, nullable: f.nullable }))
        .collect();
    let declared: BTreeSet<_> =
        declared.iter().flat_map(|t| t.columns.iter().map(|c| (t.table.to_owned(), c.clone()))).collect();
    let say = |(table, c): &(String, ColumnShape), what: &str| {
        format!("{table}.{} {}{} is {what}", c.name, c.udt, if c.nullable { "" } else { " not null" })
    };
    let missing = declared.difference(&found).map(|c| say(c, "declared but not in the database"));
    let unknown = found.difference(&declared).map(|c| say(c, "in the database but not declared"));
    Ok(missing.chain(unknown).collect())
}
