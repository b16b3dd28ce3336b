//! CPU time and memory of processes, as Linux counts them.

use std::{fs, time::Duration};

use cluster::Cluster;

use super::Result;

/// Ticks per second in `/proc/<pid>/stat`: `USER_HZ`, 100 on every Linux (proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// CPU time of all threads of a process: time on a CPU in nanoseconds, the first number of `schedstat`
/// (Documentation/scheduler/sched-stats in the kernel's sources). Threads that ended are not counted.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while the folder is read.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let nanoseconds = text.split_whitespace().next().ok_or("schedstat is empty")?.parse()?;
        total += Duration::from_nanos(nanoseconds);
    }
    Ok(total)
}

/// CPU time of a database server: of every process that runs, and of every one that ended and was waited for, so that what a
/// connection used is not lost when it closes.
pub(crate) async fn database_cpu(cluster: &Cluster) -> Result<Duration> {
    let pids = cluster.pids().await;
    let server = *pids.first().ok_or("the database does not run")?;
    // One that ends just now is counted among the ended.
    let running: Duration = pids.iter().filter_map(|pid| cpu(*pid).ok()).sum();
    Ok(running + ended_children(server)?)
}

/// CPU time of the children that ended: fields 16 and 17 of `stat`, counted after the name in parentheses.
fn ended_children(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<_> = stat.rsplit_once(')').ok_or("stat has no name")?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).ok_or("stat is short").map(|text| text.parse::<u32>());
    Ok(TICK * (field(16)?? + field(17)??))
}

/// The most memory a process ever had resident, in MiB.
pub(crate) fn peak_memory(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("there is no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
