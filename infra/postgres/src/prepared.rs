//! Statements that the database parses once per connection.
//!
//! [`diesel::sql_query`] is prepared anew each time it runs: a trip to the database of its own, and for the statements of the
//! publication queue more work than the rows of a small batch. What is said here is prepared once per connection and kept in
//! the cache of diesel-async by its text, so the text must come from few variants.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{HasSqlType, Untyped},
};

/// A statement with its placeholders `$1`, `$2`, … written out; [`Statement::bind`] gives their values in this order.
pub(crate) struct Statement(String);

/// A statement of which one more placeholder has its value.
pub(crate) struct Bound<Q, V, S> {
    before: Q,
    value: V,
    sql_type: std::marker::PhantomData<S>,
}

/// A statement that is prepared once per connection.
pub(crate) fn prepared(sql: impl Into<String>) -> Statement {
    Statement(sql.into())
}

/// What both have in common: they can take one more value.
pub(crate) trait Bind: Sized {
    /// Gives the next placeholder its value, of the SQL type `S`.
    fn bind<S, V>(self, value: V) -> Bound<Self, V, S> {
        Bound { before: self, value, sql_type: std::marker::PhantomData }
    }
}

impl Bind for Statement {}
impl<Q, V, S> Bind for Bound<Q, V, S> {}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.0);
        Ok(())
    }
}

impl<Q, V, S> QueryFragment<Pg> for Bound<Q, V, S>
where
    Pg: HasSqlType<S>,
    Q: QueryFragment<Pg>,
    V: ToSql<S, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        out.push_bind_param_value_only::<S, V>(&self.value)
    }
}

// Without an id of the type the cache goes by the text, which is what differs.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, V, S> QueryId for Bound<Q, V, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<Q, V, S> Query for Bound<Q, V, S> {
    type SqlType = Untyped;
}
