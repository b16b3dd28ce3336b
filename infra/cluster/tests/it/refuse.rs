//! What cannot work says why, in one line.

use cluster::{ClusterError, Search};

use crate::stage::{Stage, is_root, set_mode};

#[tokio::test]
async fn nothing_found_says_what_to_install() {
    let mut stage = Stage::new();
    stage.settings.cache_dir = Some(stage.folder().join("cache"));
    let error = stage.start_with(&Search::default()).await.unwrap_err();
    assert!(matches!(error, ClusterError::NotFound { .. }), "{error}");
    let line = error.to_string();
    assert!(line.contains("install one (") && line.contains("127.0.0.1"), "{line}");
    if std::path::Path::new("/usr/bin/apt-get").exists() {
        assert!(line.contains("apt-get install postgresql"), "{line}");
    }
    assert!(!line.contains('\n'), "{line}");
}

#[tokio::test]
async fn data_of_a_version_that_is_not_installed_is_left_alone() {
    let stage = Stage::new();
    stage.start().await.unwrap().stop().await.unwrap();
    let version = stage.data().join("PG_VERSION");
    std::fs::write(&version, "9\n").unwrap();
    let error = stage.start().await.unwrap_err();
    assert!(matches!(error, ClusterError::WrongVersion { wanted: 9, .. }), "{error}");
    assert!(error.to_string().contains("found is PostgreSQL 1"), "{error}");
    assert_eq!(std::fs::read_to_string(&version).unwrap(), "9\n");
}

#[tokio::test]
async fn a_chosen_folder_without_a_server_is_refused_although_others_have_one() {
    let stage = Stage::new();
    let search = Search { bin_dir: Some(stage.folder().to_owned()), ..Search::from_env() };
    let error = stage.start_with(&search).await.unwrap_err();
    assert!(matches!(error, ClusterError::BinDir { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let stage = Stage::new();
    stage.start().await.unwrap().stop().await.unwrap();
    std::fs::write(stage.data().join("postgresql.auto.conf"), "nonsense = 1\n").unwrap();
    let error = stage.start().await.unwrap_err();
    assert!(matches!(error, ClusterError::DidNotStart { .. }), "{error}");
    assert!(error.to_string().contains("nonsense"), "{error}");
}

#[tokio::test]
async fn a_folder_that_was_closed_to_the_servers_user_is_named() {
    if !is_root() {
        return;
    }
    let stage = Stage::below("parent/data");
    let parent = stage.folder().join("parent");
    std::fs::create_dir(&parent).unwrap();
    set_mode(&parent, 0o755);
    stage.start().await.unwrap().stop().await.unwrap();
    set_mode(&parent, 0o700);
    let error = stage.start().await.unwrap_err();
    assert!(matches!(&error, ClusterError::Unsearchable { path, .. } if path.ends_with("parent")), "{error}");
}

#[tokio::test]
async fn data_that_root_took_over_is_not_opened() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    stage.start().await.unwrap().stop().await.unwrap();
    std::os::unix::fs::chown(stage.settings.dir.join("server"), Some(0), Some(0)).unwrap();
    let error = stage.start().await.unwrap_err();
    assert!(matches!(&error, ClusterError::NotOurs { owner, .. } if owner == "root"), "{error}");
}
