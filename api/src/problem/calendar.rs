//! What the use cases of calendars refuse, as problems.

use publishing::calendar::ViewError;
use scheduling::calendar::{DaysError, MOST_DAYS};

use super::{Code, Part, Pointer, Problem, Violation};

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Post(error) => error.into(),
            ViewError::Days(DaysError::Backwards) => {
                days("range_backwards", "The last day lies before the first.".to_owned())
            }
            ViewError::Days(DaysError::TooMany) => {
                days("range_too_long", format!("There may be at most {MOST_DAYS} days."))
            }
        }
    }
}

fn days(code: &'static str, detail: String) -> Problem {
    let violation = Violation { part: Part::Query, pointer: Pointer::to("to"), code, detail };
    Problem { code: Code::InvalidParameters, ..Problem::invalid(vec![violation]) }
}
