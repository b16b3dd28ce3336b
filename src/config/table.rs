//! The table of all settings. What is not in it does not exist: parsing, `config check` and docs/operations.md read it.

use super::setting::{
    Fallback::{self, From, Generated, Nothing, Value},
    Kind::{
        self, Address, AddressOrOff, Choice, Flag, Hosts, Key, Keys, Number, Origins, Path, SecretText, Size,
        Text, Time, VersionedKeys, WebAddress,
    },
    Setting,
};

const fn row(name: &'static str, kind: Kind, fallback: Fallback, meaning: &'static str) -> Setting {
    Setting { name, kind, fallback, meaning }
}

/// Every setting, in the order of the documentation.
pub(crate) const SETTINGS: &[Setting] = &[
    row(
        "environment",
        Choice(&["development", "production"]),
        Value("development"),
        "In production nothing is generated, and weak or missing secrets stop the start.",
    ),
    row(
        "state_dir",
        Path,
        Value(".postern"),
        "Where this machine keeps its private database, generated secrets and local media.",
    ),
    row(
        "listen",
        Address,
        Value("127.0.0.1:8080"),
        "Where the API listens. An address that others reach needs `trusted_tls_proxy`.",
    ),
    row(
        "public_url",
        WebAddress,
        From("`http://` and the listen address; must be written in production"),
        "Where people and platforms reach the API from outside. Login callbacks are made of it.",
    ),
    row(
        "metrics_listen",
        AddressOrOff,
        Value("127.0.0.1:9090"),
        "Where Prometheus metrics are served. Keep it private.",
    ),
    row(
        "trusted_tls_proxy",
        Flag,
        Value("false"),
        "A proxy in front ends TLS, and nobody reaches the listen address without it. Plain HTTP is refused otherwise.",
    ),
    row(
        "cors_origins",
        Origins,
        Nothing,
        "Origins of front ends that may call with any credentials. API keys can bring origins of their own.",
    ),
    row(
        "shutdown_ceiling",
        Time,
        Value("10s"),
        "How long a stop may take, 1 s to 60 s. The last 2 s (of less than 4 s: half) are for the private database; what is in hand \
         by then is handed back.",
    ),
    row("log_format", Choice(&["text", "json"]), Value("text"), "The form of log lines."),
    row("log_level", Text, Value("info"), "A filter such as `info` or `info,postgres=debug`."),
    row(
        "database_url",
        SecretText,
        From("`DATABASE_URL`, else a private cluster in the state directory"),
        "A PostgreSQL URL; unix sockets work (`postgresql:///name?host=/directory`).",
    ),
    row("database_connections", Number, Value("20"), "Connections each process opens at most, 2 to 1000."),
    row(
        "postgres_download",
        WebAddress,
        From("the publisher of the release builds"),
        "A mirror of PostgreSQL release builds, for machines without one and without the internet.",
    ),
    row(
        "signing_keys",
        Keys,
        Generated,
        "Ed25519 seeds of access tokens. The first signs, the others still verify.",
    ),
    row(
        "password_peppers",
        VersionedKeys,
        Generated,
        "Mixed into every password before it is hashed. The highest version is used; older ones until everybody signed in again.",
    ),
    row(
        "keyring",
        VersionedKeys,
        From("`keyring_file`"),
        "Keys that wrap all other keys, when they come from the environment. `keys rotate` needs a file instead.",
    ),
    row(
        "keyring_file",
        Path,
        From("`keyring.toml` in the state directory, made in development; must be written in production"),
        "The file with the keys that wrap all other keys. Back it up apart from the database: without it nothing sealed opens.",
    ),
    row(
        "lookup_key",
        Key,
        Generated,
        "Finds sealed mail addresses by keyed hash. It never changes: with another one nobody could sign in. Links to \
         media are proven with it too.",
    ),
    row("cursor_key", Key, Generated, "Signs the cursors of lists."),
    row(
        "media_store",
        Choice(&["local", "s3"]),
        Value("local"),
        "Where media are kept. Several machines need `s3`.",
    ),
    row("media_dir", Path, From("`media` in the state directory"), "The directory of the local store."),
    row("media_s3_endpoint", WebAddress, Nothing, "The S3 server. Needed for `s3`, like the next four."),
    row("media_s3_bucket", Text, Nothing, "The bucket, addressed by path. Postern does not make it."),
    row("media_s3_region", Text, Nothing, "The region, as the server names it."),
    row("media_s3_access_key", Text, Nothing, "The id of the access key."),
    row("media_s3_secret_key", SecretText, Nothing, "The access key's secret."),
    row("media_max_image", Size, Value("32MiB"), "The largest picture that is accepted."),
    row("media_max_video", Size, Value("256MiB"), "The largest video that is accepted."),
    row("media_link_ttl", Time, Value("15m"), "How long a link to media works, 1 m to 15 m."),
    row("media_public_url", WebAddress, From("`public_url`"), "Where platforms fetch media, if elsewhere."),
    row(
        "fetch_allow_private",
        Hosts,
        Nothing,
        "Private servers that media may be fetched from by address. For development only.",
    ),
    row("meta_app_id", Text, Nothing, "The id of your app at Meta. Must be written in production."),
    row("meta_app_secret", SecretText, Nothing, "Its secret. Must be written in production."),
    row(
        "meta_login_configuration",
        Text,
        Nothing,
        "A configuration of Facebook Login for Business, if the app uses one.",
    ),
    row(
        "meta_graph_url",
        WebAddress,
        Value("https://graph.facebook.com"),
        "The Graph API. Another one only with `sandbox_allow`, which production refuses.",
    ),
    row(
        "meta_dialog_url",
        WebAddress,
        Value("https://www.facebook.com"),
        "The login dialog. Another one only with `sandbox_allow`, which production refuses.",
    ),
    row("meta_version", Text, Value("v25.0"), "The version of the Graph API."),
    row(
        "meta_http",
        Choice(&["2", "1.1"]),
        Value("2"),
        "The version of HTTP that the Graph API is spoken to in. `1.1` only if a proxy on the way knows nothing else.",
    ),
    row(
        "meta_timeout",
        Time,
        Value("30s"),
        "Patience with every call but the one that publishes, 1 s to 5 m.",
    ),
    row(
        "sandbox_allow",
        Flag,
        Value("false"),
        "Stand-ins for the platforms are allowed: the hosts above may be a sandbox, without TLS. Production refuses it.",
    ),
    row("min_age", Number, Value("18"), "The age in years that people must confirm. Never below 16."),
    row(
        "policy_version",
        Text,
        Value("1"),
        "The version of your privacy notice that people acknowledge at registration.",
    ),
    row(
        "data_at_rest_encrypted",
        Flag,
        Value("false"),
        "Your word that the disks of the database and its backups are encrypted. Production does not start without it.",
    ),
    row(
        "worker_concurrency",
        Number,
        Value("1280"),
        "Publications that one worker process has in hand at most, 1 to 100000.",
    ),
    row("publish_picture_lead", Time, Value("10m"), "How long before the due time pictures are uploaded."),
    row(
        "publish_permit_lead",
        Time,
        Value("1s"),
        "How long before the due time the call that publishes is permitted, at most 1 s. From then on a post cannot be changed. The same for every process; texts keep the one they were planned with.",
    ),
    row("publish_send_window", Time, Value("5s"), "How long after its permit that call may still begin."),
    row("publish_timeout", Time, Value("20s"), "Patience with the call that publishes."),
    row("publish_lease", Time, Value("15s"), "How long a worker keeps a preparation that it does not renew."),
    row(
        "publish_check_pause",
        Time,
        Value("2s"),
        "The pause between two questions whether something is processed.",
    ),
    row(
        "publish_look_pause",
        Time,
        Value("5s"),
        "The first pause after an unclear answer, before Postern looks what happened.",
    ),
    row(
        "publish_settle",
        Time,
        Value("90s"),
        "How long after the permit an absence in a platform's list is believed; lists lag.",
    ),
    row(
        "publish_settle_definite",
        Time,
        Value("30s"),
        "How long after the permit a platform's own word that nothing was published is believed. Longer than permit lead, send \
         window and timeout together.",
    ),
    row("publish_look_deadline", Time, Value("30m"), "How long Postern looks before it asks a person."),
    row("publish_max_backoff", Time, Value("5m"), "The longest pause between retries."),
    row(
        "preflight_early",
        Time,
        Value("24h"),
        "How long before it is due a publication is looked at for what would keep it from going out; see docs/lateness.md.",
    ),
    row(
        "preflight_late",
        Time,
        Value("1h"),
        "How long before it is due it is looked at once more. Not longer than the early look.",
    ),
    row(
        "series_horizon",
        Time,
        Value("14d"),
        "How long before its time an occurrence of a series becomes a post, 1 h to 365 d.",
    ),
];

/// The row of a name.
pub(crate) fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_written_in_snake_case() {
        let names: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), SETTINGS.len());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(names.iter().all(|name| name.chars().all(is_plain)));
    }
}
