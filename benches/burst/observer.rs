//! Whoever asks the database whether all is done: on a connection of its own, whose CPU time is nobody's cost.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Bool, Integer, Timestamptz},
};

use crate::{
    backlog,
    case::Cost,
    house::House,
    stage::{Result, meter, process::Process},
};

/// How long a case may take from its due time on.
const PATIENCE: Duration = Duration::from_mins(5);
/// The pause between two questions whether anything is left to do.
const PAUSE: Duration = Duration::from_millis(100);

/// Somebody with a connection to the database.
pub(crate) struct Observer {
    connection: postgres::Connection,
    /// The server process behind the connection.
    server: u32,
}

#[derive(QueryableByName)]
struct Pid {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = Bool)]
    is_left: bool,
}

impl Observer {
    pub(crate) async fn new(house: &House<'_>) -> Result<Self> {
        use diesel_async::RunQueryDsl;
        let mut connection = backlog::connect(house).await?;
        let pid: Pid = sql_query("SELECT pg_backend_pid() AS pid").get_result(&mut connection).await?;
        Ok(Self { connection, server: u32::try_from(pid.pid)? })
    }

    /// What everything has cost so far.
    pub(crate) async fn cost(&self, house: &House<'_>, worker: &Process) -> Result<Cost> {
        let database = meter::database_cpu(&house.stage.cluster).await?;
        Ok(Cost {
            worker: meter::cpu(worker.pid)?,
            database: database.saturating_sub(meter::cpu(self.server)?),
            sandbox: meter::cpu(house.stage.sandbox.pid)?,
        })
    }

    /// Waits until nothing in these states waits for a step; future posts do not count.
    pub(crate) async fn wait_until_none_is(&mut self, due: DateTime<Utc>, states: &str) -> Result<()> {
        use diesel_async::RunQueryDsl;
        let question = format!(
            "SELECT EXISTS (SELECT FROM publications WHERE state IN ({states}) AND next_step_at < $1) AS is_left"
        );
        while Utc::now() < due + PATIENCE {
            let asked = sql_query(&question).bind::<Timestamptz, _>(due + TimeDelta::hours(1));
            if !asked.get_result::<Left>(&mut self.connection).await?.is_left {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("{PATIENCE:?} after the due time some publications are still {states}").into())
    }
}
