//! Where values come from: the environment, then the file, then what development generated.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use secrecy::{ExposeSecret, SecretString};

use super::{problem::Problem, setting::variable, table};

/// The variable that names the file.
pub(crate) const FILE_VARIABLE: &str = "POSTERN_CONFIG";

/// Variables of the test suite begin so; they are no settings.
const TEST_PREFIX: &str = "POSTERN_TEST_";

/// Variables that others gave their names, and the settings they mean.
const ALIASES: [(&str, &str); 1] = [("DATABASE_URL", "database_url")];

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the environment.
    Environment,
    /// In the file.
    File,
    /// Among the secrets that development generated.
    Generated,
}

/// Values as they were written, by name. Any of them may be a secret.
#[derive(Debug, Default)]
pub(crate) struct Written {
    values: BTreeMap<&'static str, (Origin, SecretString)>,
    /// What was wrong with the sources themselves.
    pub(crate) problems: Vec<Problem>,
}

impl Written {
    /// Reads the environment, and the file it names.
    pub(crate) fn gather(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut written = Self::default();
        let mut file = None;
        let mut aliases = Vec::new();
        for (name, value) in environment {
            let Some(name) = name.to_str() else { continue };
            if name == FILE_VARIABLE {
                file = Some(value);
            } else if let Some((_, setting)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
                aliases.push((*setting, value));
            } else if let Some(rest) =
                name.strip_prefix("POSTERN_").filter(|_| !name.starts_with(TEST_PREFIX))
            {
                written.take_variable(&rest.to_ascii_lowercase(), value);
            }
        }
        for (setting, value) in aliases {
            written.take_variable(setting, value);
        }
        if let Some(path) = file.filter(|path| !path.is_empty()) {
            written.take_file(Path::new(&path));
        }
        written
    }

    /// What was written, and where.
    pub(crate) fn get(&self, name: &str) -> Option<(Origin, &str)> {
        self.values.get(name).map(|(origin, value)| (*origin, value.expose_secret()))
    }

    /// Adds a value unless a source before this one gave it.
    pub(crate) fn add(&mut self, name: &str, origin: Origin, value: String) {
        let Some(setting) = table::setting(name) else {
            let place = if origin == Origin::Environment { variable(name) } else { name.to_owned() };
            let message = "there is no such setting; docs/operations.md lists them all";
            return self.problems.push(Problem::at(place, message));
        };
        if !value.trim().is_empty() {
            self.values.entry(setting.name).or_insert_with(|| (origin, SecretString::from(value)));
        }
    }

    fn take_variable(&mut self, name: &str, value: OsString) {
        match value.into_string() {
            Ok(value) => self.add(name, Origin::Environment, value),
            Err(_) => self.problems.push(Problem::of(name, "is not text in UTF-8")),
        }
    }

    fn take_file(&mut self, path: &Path) {
        let place = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => SecretString::from(text),
            Err(error) => return self.problems.push(Problem::at(place, format!("cannot be read: {error}"))),
        };
        match toml::from_str::<toml::Table>(text.expose_secret()) {
            Ok(table) => self.take_table("", table),
            // The parser's own message would quote a line, which may hold a secret.
            Err(error) => {
                let before =
                    error.span().and_then(|span| text.expose_secret().get(..span.start)).unwrap_or_default();
                let line = before.lines().count().max(1);
                self.problems.push(Problem::at(place, format!("is not TOML, see line {line}")));
            }
        }
    }

    fn take_table(&mut self, prefix: &str, table: toml::Table) {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            match value {
                toml::Value::Table(inner) => self.take_table(&format!("{name}_"), inner),
                value => match plain(value) {
                    Some(text) => self.add(&name, Origin::File, text),
                    None => self
                        .problems
                        .push(Problem::at(name, "must be a text, a number, true, false or a list of texts")),
                },
            }
        }
    }
}

/// A value of the file as it would stand in the environment.
fn plain(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(values) => {
            let texts: Option<Vec<_>> = values.into_iter().map(plain).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}
