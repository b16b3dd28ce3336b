//! What to install where nothing is found: the package, in the words of this machine's package manager.

use std::path::Path;

/// Package managers with the command that installs a server of any version and, where there is one package for each,
/// of one major version. The first whose program is found is this machine's.
const MANAGERS: [(&str, &str, Option<&str>); 6] = [
    ("apt-get", "apt-get install postgresql", Some("apt-get install postgresql-{}")),
    ("dnf", "dnf install postgresql-server", Some("dnf install postgresql{}-server")),
    ("zypper", "zypper install postgresql-server", Some("zypper install postgresql{}-server")),
    ("apk", "apk add postgresql", Some("apk add postgresql{}")),
    ("pacman", "pacman -S postgresql", None),
    ("brew", "brew install postgresql@18", Some("brew install postgresql@{}")),
];

/// Where package managers lie, whatever the caller's `PATH` is.
const FOLDERS: [&str; 5] = ["/usr/bin", "/bin", "/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/// The command that installs a server, of this major version if one is needed.
pub(crate) fn command(major: Option<u32>) -> String {
    choose(major, |program| FOLDERS.iter().any(|folder| Path::new(folder).join(program).exists()))
}

fn choose(major: Option<u32>, exists: impl Fn(&str) -> bool) -> String {
    let manager = MANAGERS.iter().find(|(program, ..)| exists(program));
    match (manager, major) {
        (Some((_, _, Some(one))), Some(major)) => one.replace("{}", &major.to_string()),
        (Some((_, any, _)), None) => (*any).to_owned(),
        (_, Some(major)) => format!("the server of PostgreSQL {major}"),
        (None, None) => "a PostgreSQL server".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_the_machines_own_package_manager() {
        assert_eq!(choose(None, |program| program == "apt-get"), "apt-get install postgresql");
        assert_eq!(choose(Some(15), |program| program == "apt-get"), "apt-get install postgresql-15");
        assert_eq!(choose(Some(17), |program| program == "apk"), "apk add postgresql17");
        assert_eq!(choose(Some(16), |program| program == "brew"), "brew install postgresql@16");
    }

    #[test]
    fn without_a_package_of_that_version_the_version_is_named_and_no_command_made_up() {
        assert_eq!(choose(Some(15), |program| program == "pacman"), "the server of PostgreSQL 15");
        assert_eq!(choose(None, |_| false), "a PostgreSQL server");
    }
}
