//! The table: a line for each case.

use std::time::Duration;

use crate::{
    case::{Case, Cost, Outcome},
    stage::{
        quantiles::{ms, per_one, per_second},
        table,
    },
};

const COLUMNS: [&str; 13] = [
    "publications",
    "latency ms",
    "future posts",
    "lateness ms: p50 · p95 · p99 · max",
    "public after ms: p99",
    "per second",
    "burst, CPU ms each: worker + database",
    "whole, CPU ms each: worker + database",
    "whole without idling, CPU ms each",
    "sandbox, CPU ms each",
    "worker MiB",
    "twice · early · unfinished",
    "load before",
];

/// The heading of the table, in Markdown.
pub(crate) fn heading() -> String {
    table::heading(&COLUMNS)
}

/// A line of the table.
pub(crate) fn line(case: &Case, future: usize, outcome: &Outcome) -> String {
    let Outcome { verdict, costs, memory, load } = outcome;
    let lateness = [50, 95, 99, 100].map(|percent| ms(verdict.arrival.at(percent)));
    let cells = [
        case.publications.to_string(),
        case.latency.as_millis().to_string(),
        future.to_string(),
        lateness.join(" · "),
        ms(verdict.public.at(99)),
        per_second(verdict.arrival.count(), verdict.arrival.at(100)),
        both(&costs.burst, case.publications),
        both(&costs.whole, case.publications),
        both(&costs.own, case.publications),
        per_one(costs.whole.sandbox, case.publications),
        format!("{memory:.0}"),
        format!("{} · {} · {}", verdict.twice, verdict.early, verdict.unfinished),
        load.clone(),
    ];
    table::line(&cells)
}

fn both(cost: &Cost, publications: usize) -> String {
    let each = |duration: Duration| per_one(duration, publications);
    let sum = each(cost.worker + cost.database);
    format!("{} + {} = {sum}", each(cost.worker), each(cost.database))
}
