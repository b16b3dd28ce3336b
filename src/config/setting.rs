//! What a setting is: one row of the table.

/// One setting. It is written `name` in the file and `POSTERN_NAME` in the environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Its name in the file; `[media] dir` and `media_dir` are the same.
    pub(crate) name: &'static str,
    /// What may be written there.
    pub(crate) kind: Kind,
    /// What holds when nothing is written.
    pub(crate) fallback: Fallback,
    /// What it means, in one or two sentences.
    pub(crate) meaning: &'static str,
}

/// What may be written as the value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A number with `ms`, `s`, `m`, `h` or `d`.
    Time,
    /// A number of bytes, maybe with `KiB`, `MiB` or `GiB`.
    Size,
    /// An address and a port.
    Address,
    /// An address and a port, or `off`.
    AddressOrOff,
    /// An `http` or `https` address.
    WebAddress,
    /// Origins, separated by commas.
    Origins,
    /// Hosts with ports, separated by commas.
    Hosts,
    /// A file or directory.
    Path,
    /// Any text.
    Text,
    /// A text that opens something.
    SecretText,
    /// Base64 of 32 random bytes.
    Key,
    /// Several of those, separated by commas.
    Keys,
    /// Several of those, each with a version: `2:base64,1:base64`.
    VersionedKeys,
}

impl Kind {
    /// Whether the value is never shown.
    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::SecretText | Self::Key | Self::Keys | Self::VersionedKeys)
    }

    /// What to write, in words.
    pub(crate) fn in_words(self) -> String {
        let words = match self {
            Self::Choice(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                return quoted.join(" or ");
            }
            Self::Flag => "`true` or `false`",
            Self::Number => "number",
            Self::Time => "time",
            Self::Size => "size",
            Self::Address => "address and port",
            Self::AddressOrOff => "address and port, or `off`",
            Self::WebAddress => "web address",
            Self::Origins => "list of origins",
            Self::Hosts => "list of `host:port`",
            Self::Path => "path",
            Self::Text => "text",
            Self::SecretText => "secret text",
            Self::Key => "secret key",
            Self::Keys => "list of secret keys",
            Self::VersionedKeys => "secret keys with versions",
        };
        words.to_owned()
    }
}

/// What holds when nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// This, as if it were written.
    Value(&'static str),
    /// Worked out from other settings, as these words say.
    From(&'static str),
    /// Made once in development and kept in the state directory; must be written in production.
    Generated,
    /// Nothing: the setting is optional.
    Nothing,
}

impl Setting {
    /// Its name in the environment.
    pub(crate) fn variable(&self) -> String {
        variable(self.name)
    }
}

/// The environment variable of a setting.
pub(crate) fn variable(name: &str) -> String {
    format!("POSTERN_{}", name.to_ascii_uppercase())
}
