//! Reads typed values from what was written, and collects everything that is wrong.

use std::{cell::RefCell, fmt, ops::RangeInclusive, path::PathBuf};

use secrecy::SecretString;

use super::{
    parse::FromText, problem::Problem, setting::Fallback, source::Written, strength::Weakness, table,
};

/// Where the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    /// On somebody's desk: missing secrets are generated.
    Development,
    /// For others: missing and weak secrets stop the start.
    Production,
}

/// Reads values one by one. Every method returns `None` where there is no usable value and notes the problem, if it is one.
pub(crate) struct Reader<'a> {
    written: &'a Written,
    /// Where the process runs.
    pub(crate) environment: Environment,
    /// The state directory.
    pub(crate) state_dir: PathBuf,
    /// Whether a key ring's file that does not exist or has no key is acceptable, because it is about to get one.
    pub(crate) ring_may_be_missing: bool,
    problems: RefCell<Vec<Problem>>,
    #[cfg(test)]
    asked: RefCell<std::collections::BTreeSet<&'static str>>,
}

impl<'a> Reader<'a> {
    /// Over what was written; where the process runs decides what may be missing.
    pub(crate) fn new(written: &'a Written) -> Self {
        let mut reader = Self {
            written,
            environment: Environment::Development,
            state_dir: PathBuf::new(),
            ring_may_be_missing: false,
            problems: RefCell::new(written.problems.clone()),
            #[cfg(test)]
            asked: RefCell::default(),
        };
        // Who mistypes "production" must not get development's leniency on top.
        reader.environment = reader
            .choice(
                "environment",
                &[("development", Environment::Development), ("production", Environment::Production)],
            )
            .unwrap_or(Environment::Production);
        reader.state_dir = reader.value("state_dir").unwrap_or_default();
        reader
    }

    /// Whether this is production.
    pub(crate) fn production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// The value, or the one the table gives.
    pub(crate) fn value<T: FromText>(&self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        let value = T::from_text(text);
        if value.is_none() {
            self.refuse(name, format!("`{text}` is not {}", T::EXPECTED));
        }
        value
    }

    /// A number or time that must lie in a range.
    pub(crate) fn within<T: FromText + PartialOrd + fmt::Debug>(
        &self,
        name: &'static str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        if range.contains(&value) {
            return Some(value);
        }
        self.refuse(name, format!("{value:?} is not between {:?} and {:?}", range.start(), range.end()));
        None
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy>(&self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.refuse(name, format!("`{text}` is not {}", words.join(" or ")));
        }
        found
    }

    /// A value without which nothing starts; `otherwise` says what to set.
    pub(crate) fn required<T: FromText>(&self, name: &'static str, otherwise: &str) -> Option<T> {
        if self.text(name).is_none() {
            self.refuse(name, otherwise);
        }
        self.value(name)
    }

    /// A secret text as it was written.
    pub(crate) fn secret_text(&self, name: &'static str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A secret, read by `parse`. Its value is in no problem. One that is missing is a problem: development generates before.
    pub(crate) fn secret<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Weakness>,
    ) -> Option<T> {
        let Some(text) = self.text(name) else {
            self.refuse(name, "is missing; set a secret, made of what `openssl rand -base64 32` prints");
            return None;
        };
        parse(text).map_err(|weakness| self.refuse(name, weakness.to_string())).ok()
    }

    /// Whether anything was written.
    pub(crate) fn is_written(&self, name: &str) -> bool {
        self.written.get(name).is_some()
    }

    /// Notes a problem with a setting.
    pub(crate) fn refuse(&self, name: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::of(name, message));
    }

    /// Everything that was wrong, in the order of reading.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// Names that were asked for.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> std::collections::BTreeSet<&'static str> {
        self.asked.borrow().clone()
    }

    fn text(&self, name: &'static str) -> Option<&'a str> {
        #[cfg(test)]
        self.asked.borrow_mut().insert(name);
        let fallback = || match table::setting(name)?.fallback {
            Fallback::Value(text) => Some(text),
            _ => None,
        };
        self.written.get(name).map(|(_, text)| text.trim()).or_else(fallback)
    }
}
