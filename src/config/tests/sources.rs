//! Where values come from, and what is shown of them.

use std::{collections::BTreeSet, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use super::{Start, assert_refused};
use crate::config::{
    Config, DatabasePlace, LogFormat, check, document, reader::Reader, source::Written, table,
};

#[test]
fn the_database_can_be_named_as_everybody_names_it_and_our_own_name_wins() {
    let start = Start::development().with_variable("DATABASE_URL", "postgresql://theirs/app");
    let url = |start: &Start| match start.load().database.place {
        DatabasePlace::Url(url) => url.expose_secret().to_owned(),
        DatabasePlace::Private { .. } => panic!("private"),
    };
    assert_eq!(url(&start), "postgresql://theirs/app");
    assert_eq!(url(&start.with("database_url", "postgresql://ours/app")), "postgresql://ours/app");
}

#[test]
fn a_file_sets_what_the_environment_does_not() {
    let start = Start::development().with("log_format", "json").with_file(
        "listen = \"127.0.0.1:9999\"\nlog_format = \"text\"\nmin_age = 21\n\
         cors_origins = [\"https://a.example\", \"https://b.example\"]\n[media]\nmax_image = \"1MiB\"\n[media.s3]\nregion = \"eu-central-1\"\n",
    );
    let config = start.load();
    assert_eq!(config.server.listen.port(), 9999);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.policy.min_age, 21);
    assert_eq!(config.server.cors_origins.len(), 2);
    assert_eq!(config.media.max_image, 1 << 20);
}

#[test]
fn what_is_no_setting_is_refused_wherever_it_stands() {
    assert_refused(&Start::development().with("listne", "127.0.0.1:1"), "listne", "no such setting");
    let refused = Start::development().with_file("[media]\nstoer = \"s3\"\n").refused_once();
    assert!(refused.starts_with("media_stoer: there is no such setting"), "{refused}");
    Start::development().with_variable("POSTERN_TEST_ANYTHING", "1").load();
}

#[test]
fn a_file_that_cannot_be_used_is_refused_without_quoting_it() {
    let refused =
        Start::development().with_file("listen = \"127.0.0.1:1\"\ncursor_key = canary\n").refused_once();
    assert!(refused.ends_with("is not TOML, see line 2"), "{refused}");
    let gone = Start::development().with_variable("POSTERN_CONFIG", "/nowhere/postern.toml").refused_once();
    assert!(gone.starts_with("/nowhere/postern.toml: cannot be read"), "{gone}");
}

#[test]
fn no_secret_shows_in_reports_problems_or_debug_output() {
    let canary = STANDARD.encode(b"canary canary canary canary canary canary");
    let start = Start::production()
        .with("cursor_key", &canary)
        .with("database_url", "postgresql://app:canary@db/app");
    let checked = check(start.environment());
    let refused = checked.outcome.unwrap_err();
    for text in [checked.report, refused.to_string(), format!("{refused:?}")] {
        assert!(!text.contains(&canary) && !text.contains("canary@"), "{text}");
    }
    let start = Start::production().with("database_url", "postgresql://app:canary@db/app");
    let shown = format!("{:?}", start.load());
    let secrets = start.variables.iter().filter(|(name, _)| table_says_secret(name));
    for (name, value) in secrets {
        assert!(!shown.contains(value.as_str()), "{name}");
    }
}

fn table_says_secret(variable: &str) -> bool {
    table::SETTINGS.iter().any(|setting| setting.variable() == variable && setting.kind.is_secret())
}

#[test]
fn the_report_names_every_setting_with_its_origin() {
    let start = Start::development().with("min_age", "21").with_file("log_format = \"json\"");
    let report = check(start.environment()).report;
    assert_eq!(report.lines().count(), table::SETTINGS.len());
    let line = |name: &str| report.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("POSTERN_MIN_AGE").ends_with("21 (environment)"));
    assert!(line("POSTERN_LOG_FORMAT").ends_with("json (file)"));
    assert!(line("POSTERN_MEDIA_LINK_TTL").ends_with("15m (default)"));
    assert!(line("POSTERN_CURSOR_KEY").ends_with("(secret, generated for development)"));
}

#[test]
fn every_row_of_the_table_is_read_and_nothing_else_is() {
    let start = Start::production().with("media_store", "s3");
    let written = Written::gather(start.environment());
    let reader = Reader::new(&written);
    let _ = Config::read(&reader);
    let rows: BTreeSet<_> = table::SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(reader.asked(), rows);
}

#[test]
fn the_page_for_operators_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let page = fs::read_to_string(&path).unwrap();
    let fresh = document::rewrite(&page).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &fresh).unwrap();
    } else {
        assert!(page == fresh, "docs/operations.md is out of date; run `just settings-doc`");
    }
}
