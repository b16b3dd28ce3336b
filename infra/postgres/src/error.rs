//! What can go wrong between a store and its database, without a word of what the rows contain.

use std::borrow::Cow;

use diesel::result::{ConnectionError, DatabaseErrorInformation, DatabaseErrorKind, Error};
use diesel_async::pooled_connection::{PoolError as SetupError, deadpool::PoolError};

/// Why a store method did not do its work. Messages name tables and constraints, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No connection, or the server was busy, restarting or gave up a lock; nothing was written unless the connection was
    /// lost during the commit. Trying again later makes sense.
    #[error("the database is unavailable: {0}")]
    Unavailable(Cow<'static, str>),
    /// A row with this key exists, or a row it refers to does not.
    #[error("the write conflicts with another row: {0}")]
    Conflict(String),
    /// The database holds, or was given, what the program cannot mean: a bug or a change by hand.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(Cow<'static, str>),
}

impl StoreError {
    /// A row that does not read back as what was written. `what` names the column, not the value.
    pub const fn corrupt(what: &'static str) -> Self {
        Self::Corrupt(Cow::Borrowed(what))
    }

    /// Whether the named constraint refused the write.
    pub fn is_conflict_on(&self, constraint: &str) -> bool {
        matches!(self, Self::Conflict(name) if name == constraint)
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => from_database(kind, information.as_ref()),
            Error::NotFound => Self::corrupt("a row that must be there is missing"),
            // These errors quote values; only their kind is passed on.
            Error::DeserializationError(_) => Self::corrupt("a column does not decode"),
            Error::SerializationError(_) => Self::corrupt("a value does not encode"),
            Error::QueryBuilderError(_) => Self::corrupt("a statement cannot be built"),
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => {
                Self::Unavailable("a transaction was left broken".into())
            }
            _ => Self::corrupt("diesel refused the statement"),
        }
    }
}

fn from_database(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> StoreError {
    use DatabaseErrorKind as Kind;
    let constraint = information.constraint_name().unwrap_or("an unnamed constraint");
    match kind {
        Kind::UniqueViolation
        | Kind::ForeignKeyViolation
        | Kind::RestrictViolation
        | Kind::ExclusionViolation => StoreError::Conflict(constraint.to_owned()),
        Kind::CheckViolation => StoreError::Corrupt(format!("refused by {constraint}").into()),
        Kind::NotNullViolation => StoreError::Corrupt(
            format!("no value for {}", information.column_name().unwrap_or("a column")).into(),
        ),
        Kind::SerializationFailure => StoreError::Unavailable("a transaction lost a race".into()),
        Kind::ReadOnlyTransaction => StoreError::Unavailable("the server is read only".into()),
        Kind::ClosedConnection | Kind::UnableToSendCommand => {
            StoreError::Unavailable("the connection is closed".into())
        }
        _ => from_message(information.message()),
    }
}

/// The server's own words, where they can only speak of the statement or of the server: a message that could quote a value
/// (`invalid input syntax for type integer: "…"`) is dropped.
fn from_message(message: &str) -> StoreError {
    const OF_THE_STATEMENT: [&str; 7] = [
        "relation ",
        "column ",
        "function ",
        "operator ",
        "permission denied",
        "syntax error",
        "could not determine",
    ];
    const OF_THE_SERVER: [&str; 6] = [
        "deadlock detected",
        "canceling statement",
        "terminating connection",
        "the database system",
        "connection closed",
        "too many clients",
    ];
    let begins = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if begins(&OF_THE_SERVER) {
        StoreError::Unavailable(message.to_owned().into())
    } else if OF_THE_STATEMENT.iter().any(|word| message.starts_with(word)) {
        StoreError::Corrupt(message.to_owned().into())
    } else {
        StoreError::Unavailable("the server refused the statement".into())
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::InvalidConnectionUrl(_) => {
                Self::Unavailable("the database URL does not parse".into())
            }
            other => Self::Unavailable(other.to_string().into()),
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(_) => Self::Unavailable("no connection became free in time".into()),
            PoolError::Backend(SetupError::ConnectionError(error)) => error.into(),
            PoolError::Backend(SetupError::QueryError(error)) => error.into(),
            _ => Self::Unavailable("the pool is closed".into()),
        }
    }
}

impl From<StoreError> for ::tenancy::StoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable(why.into_owned()),
            StoreError::Conflict(constraint) => Self::Conflict(constraint),
            StoreError::Corrupt(what) => Self::Corrupt(what.into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(message: &str) -> StoreError {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())).into()
    }

    #[test]
    fn a_message_that_may_quote_a_value_is_dropped() {
        let error = database_error("invalid input syntax for type integer: \"canary\"");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_message_about_the_statement_stays_readable() {
        assert_eq!(
            database_error("relation \"posts\" does not exist"),
            StoreError::Corrupt("relation \"posts\" does not exist".into())
        );
    }

    #[test]
    fn a_restarting_server_is_unavailable_and_not_corrupt() {
        let error = database_error("terminating connection due to administrator command");
        assert!(matches!(error, StoreError::Unavailable(_)));
    }
}
