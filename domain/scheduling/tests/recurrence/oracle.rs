//! Ten thousand random rules, as tests/oracle/recurrence.py had them expanded by python-dateutil.

use std::io::Read;

use chrono::TimeDelta;
use flate2::{Crc, read::GzDecoder};
use scheduling::{LocalSchedule, recurrence::Series};
use zone::iana_release;

use crate::local;

const EXPECTED: &[u8] = include_bytes!("../../../../tests/oracle/recurrence.txt.gz");

fn digest(pairs: impl Iterator<Item = (i64, i64)>) -> String {
    let mut crc = Crc::new();
    for (first, second) in pairs {
        crc.update(&first.to_le_bytes());
        crc.update(&second.to_le_bytes());
    }
    format!("{:08x}", crc.sum())
}

fn near(start: LocalSchedule, series: &Series) -> String {
    let from = start.resolve() - TimeDelta::days(2);
    let end = start.local + TimeDelta::days(9 * 365);
    let found = series.occurrences(from, from + TimeDelta::days(9 * 365 + 4)).unwrap();
    let pairs = found.take_while(|found| found.local < end).take(100);
    digest(pairs.map(|found| (found.local.and_utc().timestamp(), found.due.timestamp())))
}

fn far(start: LocalSchedule, series: &Series) -> String {
    let from = start.local + TimeDelta::days(60 * 365);
    let window = from..from + TimeDelta::days(365);
    let (early, late) =
        (window.start.and_utc() - TimeDelta::days(2), window.end.and_utc() + TimeDelta::days(2));
    let found = series.occurrences(early, late).unwrap().filter(|found| window.contains(&found.local));
    digest(found.map(|found| (found.index.into(), found.local.and_utc().timestamp())))
}

fn agrees(line: &str) -> bool {
    let fields: Vec<_> = line.split(' ').collect();
    let start = LocalSchedule { local: local(fields[0]), zone: fields[1].parse().unwrap() };
    let found = Series::new(start, fields[2].parse().unwrap());
    let none = || digest(std::iter::empty());
    let near = found.as_ref().map_or_else(|_| none(), |series| near(start, series));
    let far = fields.get(4).map(|_| found.as_ref().map_or_else(|_| none(), |series| far(start, series)));
    near == fields[3] && far.as_deref() == fields.get(4).copied()
}

#[test]
fn an_independent_implementation_agrees_on_ten_thousand_rules() {
    let mut text = String::new();
    GzDecoder::new(EXPECTED).read_to_string(&mut text).unwrap();
    let (release, rules) = text.split_once('\n').unwrap();
    assert_eq!(
        release,
        format!("tzdata {}", iana_release()),
        "both sides use one release of the IANA database"
    );
    assert_eq!(rules.lines().count(), 10_000);
    let disagreeing: Vec<_> = rules.lines().filter(|line| !agrees(line)).collect();
    assert!(disagreeing.is_empty(), "{} rules: {disagreeing:#?}", disagreeing.len());
}
