//! Finding the channels that a row names.

use crate::{id::ChannelId, platform::Platform};

/// A channel of the workspace with its names.
#[derive(Debug, Clone)]
pub struct NamedChannel {
    /// Which channel.
    pub id: ChannelId,
    /// Its platform.
    pub platform: Platform,
    /// Its name there.
    pub name: String,
    /// Its handle, where it has one.
    pub username: Option<String>,
}

/// Why a name stands for no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFound {
    /// None has it.
    Unknown,
    /// Several have it.
    Ambiguous,
}

impl NamedChannel {
    /// Whether somebody who writes this means the channel: its name, its handle, or either behind its platform
    /// (`facebook:Harbour Coffee`). Case does not matter.
    fn answers_to(&self, text: &str) -> bool {
        let platform = |part: &str| self.platform.as_str().eq_ignore_ascii_case(part.trim());
        // A name may have a colon of its own.
        let short = text.split_once(':').filter(|(part, _)| platform(part)).map(|(_, name)| name.trim());
        let is = |own: &str| {
            let same = |text: &str| own.to_lowercase() == text.trim_start_matches('@').to_lowercase();
            same(text) || short.is_some_and(same)
        };
        is(&self.name) || self.username.as_deref().is_some_and(is)
    }
}

/// The channel that a text names: by its id, or by a name that only one channel of the workspace has.
pub(super) fn find(channels: &[NamedChannel], text: &str) -> Result<ChannelId, NotFound> {
    if let Ok(id) = text.parse::<ChannelId>() {
        return Ok(id);
    }
    let mut named = channels.iter().filter(|channel| channel.answers_to(text));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one.id),
        (None, _) => Err(NotFound::Unknown),
        (Some(_), Some(_)) => Err(NotFound::Ambiguous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(platform: Platform, name: &str, username: Option<&str>) -> NamedChannel {
        NamedChannel { id: ChannelId::new(), platform, name: name.into(), username: username.map(Into::into) }
    }

    #[test]
    fn a_channel_is_found_by_its_id_its_name_its_handle_and_its_platform_with_either() {
        let all = [
            channel(Platform::Facebook, "Harbour Coffee", None),
            channel(Platform::Instagram, "Harbour Coffee", Some("harbour.coffee")),
        ];
        let (page, account) = (Ok(all[0].id), Ok(all[1].id));
        assert_eq!(find(&all, &all[0].id.to_string()), page);
        assert_eq!(find(&all, "facebook:harbour coffee"), page);
        assert_eq!(find(&all, "harbour.coffee"), account);
        assert_eq!(find(&all, "@Harbour.Coffee"), account);
        assert_eq!(find(&all, "Harbour Coffee"), Err(NotFound::Ambiguous));
        assert_eq!(find(&all, "Harbour"), Err(NotFound::Unknown));
    }
}
