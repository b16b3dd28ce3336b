//! Counts and times requests for the metrics page.

use std::time::Duration;

use metrics::{counter, histogram};

/// Records one answered request. The template of the path is a label, so the number of series is that of the operations.
pub(super) fn record(method: &str, template: &str, status: u16, took: Duration) {
    let labels =
        [("method", method.to_owned()), ("route", template.to_owned()), ("status", status.to_string())];
    counter!("postern_http_requests_total", &labels).increment(1);
    histogram!("postern_http_request_duration_seconds", &labels[..2]).record(took.as_secs_f64());
}
