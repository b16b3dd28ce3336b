//! What no deployment may set.

use super::{Start, assert_refused};

#[test]
fn plain_http_for_others_is_refused_without_a_trusted_proxy() {
    for start in [Start::development(), Start::production()] {
        let open = start.with("listen", "0.0.0.0:8080");
        assert_refused(&open, "listen", "POSTERN_TRUSTED_TLS_PROXY=true");
        open.with("trusted_tls_proxy", "true").load();
    }
    Start::production().with("listen", "[::1]:8080").load();
}

#[test]
fn nobody_under_sixteen() {
    for start in [Start::development(), Start::production()] {
        assert_refused(&start.with("min_age", "15"), "min_age", "below 16");
    }
    assert_eq!(Start::production().with("min_age", "16").load().policy.min_age, 16);
}

#[test]
fn a_sandbox_takes_metas_place_only_where_it_is_allowed() {
    for name in ["meta_graph_url", "meta_dialog_url"] {
        let start = Start::development().with(name, "http://127.0.0.1:8900");
        assert_refused(&start, name, "POSTERN_SANDBOX_ALLOW=true");
        start.with("sandbox_allow", "true").load();
    }
}

#[test]
fn an_s3_store_names_everything_it_lacks() {
    let refused = Start::development().with("media_store", "s3").refused();
    assert_eq!(refused.len(), 5, "{refused:#?}");
    assert!(refused.iter().all(|line| line.starts_with("POSTERN_MEDIA_S3_") && line.contains("is missing")));
}

#[test]
fn timings_under_which_a_post_could_go_out_twice_are_refused() {
    assert_refused(
        &Start::development().with("publish_permit_lead", "1001ms"),
        "publish_permit_lead",
        "one second",
    );
    assert_refused(
        &Start::development().with("publish_settle_definite", "26s"),
        "publish_settle_definite",
        "before the call has ended",
    );
    assert_refused(&Start::development().with("publish_timeout", "0s"), "publish_timeout", "is not between");
}

#[test]
fn a_stop_leaves_time_for_the_database() {
    for (ceiling, farewell) in [("10s", 8_000), ("60s", 58_000), ("3s", 1_500), ("1s", 500)] {
        let server = Start::development().with("shutdown_ceiling", ceiling).load().server;
        assert_eq!(server.farewell(), std::time::Duration::from_millis(farewell), "{ceiling}");
    }
}

#[test]
fn values_of_the_wrong_kind_or_out_of_range_are_refused() {
    for (name, value, says) in [
        ("listen", "8080", "is not an address"),
        ("metrics_listen", "no", "or `off`"),
        ("trusted_tls_proxy", "1", "`true` or `false`"),
        ("cors_origins", "https://a.example, *", "is not an origin"),
        ("log_format", "xml", "`text` or `json`"),
        ("log_level", "info,==", "is not a filter"),
        ("database_url", "mysql://db", "does not begin with"),
        ("database_connections", "1", "is not between 2 and 1000"),
        ("shutdown_ceiling", "61s", "is not between"),
        ("media_link_ttl", "16m", "is not between"),
        ("media_max_image", "32MB", "is not a number of bytes"),
        ("meta_version", "25", "is not a version"),
        ("meta_timeout", "0s", "is not between"),
        ("fetch_allow_private", "localhost", "is not a host with a port"),
        ("policy_version", &"1".repeat(101), "longer than 100"),
        ("worker_concurrency", "0", "is not between 1 and 100000"),
        ("preflight_early", "1m", "is not between"),
        ("preflight_late", "25h", "longer than preflight_early"),
    ] {
        assert_refused(&Start::development().with(name, value), name, says);
    }
}
