//! Metrics: counted through the `metrics` facade everywhere, rendered for Prometheus here.

use std::{future::Future, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Parts;

/// Buckets of lateness in seconds: fine where promises are made, coarse beyond.
const LATENESS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 60.0, 3600.0];

/// Buckets of the time that requests take, in seconds. A histogram, unlike quantiles, adds up over processes.
const DURATION: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The recorder of this process. There is one, however many runtimes a test starts.
#[derive(Clone)]
pub(crate) struct Metrics(Option<PrometheusHandle>);

impl Metrics {
    pub(crate) fn start() -> Self {
        static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        let install = || {
            let metric = |name: &str| Matcher::Full(name.to_owned());
            PrometheusBuilder::new()
                .set_buckets_for_metric(metric("postern_lateness_seconds"), &LATENESS)
                .and_then(|it| {
                    it.set_buckets_for_metric(metric("postern_http_request_duration_seconds"), &DURATION)
                })
                .and_then(PrometheusBuilder::install_recorder)
                .ok()
        };
        Self(RECORDER.get_or_init(install).clone())
    }

    fn render(&self) -> String {
        self.0.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    }
}

impl Parts {
    /// Serves the metrics until shutdown.
    pub(crate) fn serve_metrics(
        &self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let metrics = self.metrics.clone();
        let page = ::api::metrics::metrics(move || metrics.render());
        async move {
            let limits = ::api::traffic::ServerLimits::default();
            let served =
                ::api::traffic::serve(listener, poem_response(page), limits, shutdown.cancelled()).await;
            if let Err(error) = served {
                tracing::error!(%error, "metrics are not served any more");
            }
        }
    }
}

/// The server takes endpoints that answer with a response.
fn poem_response(
    page: impl poem::Endpoint + 'static,
) -> impl poem::Endpoint<Output = poem::Response> + 'static {
    poem::EndpointExt::map_to_response(page)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }

    /// The words of a text that begin as the names of metrics do.
    fn names(text: &str) -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let suffixes = ["_bucket", "_sum", "_count"];
        let base =
            |word: &str| suffixes.iter().find_map(|it| word.strip_suffix(it)).unwrap_or(word).to_owned();
        words.filter(|word| word.starts_with("postern_")).map(base).collect()
    }

    #[test]
    fn the_page_for_operators_names_every_metric_and_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["src", "api/src", "infra/jobs/src"] {
            sources(&root.join(folder), &mut files);
        }
        let counted = |path: &PathBuf| {
            let text = fs::read_to_string(path).unwrap();
            let calls = text.match_indices("counter!(").chain(text.match_indices("histogram!("));
            calls.flat_map(|(at, _)| names(text[at..].lines().next().unwrap())).collect::<Vec<_>>()
        };
        let counted: BTreeSet<_> = files.iter().flat_map(counted).collect();
        let page = fs::read_to_string(root.join("docs/operations.md")).unwrap();
        assert_eq!(names(&page), counted);
    }
}
