//! What came of it, and how to go on from there.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::{
    connect::Channel,
    stage::Stage,
    voice::Voice,
    watch::{Publication, label},
};

/// The steps by hand: a script that runs as it is.
const TOUR: &str = include_str!("../../examples/quick_start.sh");
/// What stands above the first step.
const FIRST_STEP: &str = "# 1. ";

/// Permalinks and lateness.
pub(super) fn results(voice: Voice, publications: &[Publication], channels: &[Channel]) {
    voice.print("\nPublished:\n");
    for channel in channels {
        let Some(one) = publications.iter().find(|one| one.channel_id == channel.id) else { continue };
        let late = one.lateness().map(|late| late.num_milliseconds()).unwrap_or_default();
        let link = one.permalink.as_deref().unwrap_or_default();
        voice.print(&format!("  {}  {late:>4} ms late   {link}", label(channel)));
    }
}

/// Addresses, the key, and the steps by hand.
pub(super) fn invitation(voice: Voice, stage: &Stage, key: &SecretString, picture: &Path) {
    let (api, sandbox) =
        (stage.api.as_str().trim_end_matches('/'), stage.sandbox.as_str().trim_end_matches('/'));
    let page = stage.seed.pages.first().map(|page| page.id.as_str()).unwrap_or_default();
    let picture = picture.canonicalize().unwrap_or_else(|_| picture.to_owned());
    voice.print(&format!(
        "\nLook around:\n\n\
         \x20 timeline   {sandbox}/_sandbox/timeline/{page}   (all of them: {sandbox}/)\n\
         \x20 API        {api}/docs\n\
         \x20 API key    {key}\n\n\
         The same by hand. Paste this into a shell:\n\n\
         export POSTERN_URL={api} POSTERN_SANDBOX_URL={sandbox}\n\
         export POSTERN_API_KEY={key}\n\
         export POSTERN_PICTURE='{}'\n\n{}\n\
         Everything runs until Ctrl-C. {} keeps the organization, its channels and its posts for the next time;\n\
         the sandbox forgets what was published on it.",
        picture.display(),
        steps(TOUR),
        stage.state_dir.display(),
        key = key.expose_secret(),
    ));
}

/// The script without its head.
fn steps(script: &str) -> &str {
    script.find(FIRST_STEP).map_or(script, |begin| &script[begin..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = include_str!("../../README.md");

    #[test]
    fn the_printed_steps_begin_with_the_first() {
        assert!(steps(TOUR).starts_with(FIRST_STEP));
        assert!(!steps(TOUR).contains("#!"));
    }

    #[test]
    fn the_tour_of_the_readme_is_the_script() {
        let commands = |text: &'static str| -> Vec<&str> {
            text.lines()
                .map(str::trim_end)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .collect()
        };
        let readme: Vec<_> = README.lines().map(str::trim_end).collect();
        let mut from = 0;
        for command in commands(steps(TOUR)) {
            let place = readme[from..].iter().position(|line| *line == command);
            from += place.unwrap_or_else(|| panic!("the README lacks, or has elsewhere: {command}")) + 1;
        }
    }
}
