//! Metrics: counted through the `metrics` facade everywhere, rendered for Prometheus here.

use std::{future::Future, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Parts;

/// Buckets of lateness in seconds: fine where promises are made, coarse beyond.
const LATENESS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 60.0, 3600.0];

/// The recorder of this process. There is one, however many runtimes a test starts.
#[derive(Clone)]
pub(crate) struct Metrics(Option<PrometheusHandle>);

impl Metrics {
    pub(crate) fn start() -> Self {
        static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        let install = || {
            let lateness = Matcher::Full("postern_lateness_seconds".into());
            let builder = PrometheusBuilder::new().set_buckets_for_metric(lateness, &LATENESS).ok()?;
            builder.install_recorder().ok()
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
