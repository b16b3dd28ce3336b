//! The closed list of what can be wrong with one part of a request. A code is stable: a program may branch on it.
//!
//! What can be wrong with any value is said in general words (`too_long`, `unknown_field`); a broken rule begins with the
//! thing that it is about (`channel_unknown`).

/// Every code of a violation with what it means, in the order of the alphabet.
pub const VIOLATION_CODES: &[(&str, &str)] = &[
    ("alt_text_not_text", "The alternative text holds U+0000."),
    ("alt_text_too_long", "The alternative text is longer than the channel, or the library, takes."),
    ("candidate_cannot_publish", "The person may not create content on that Page or account."),
    ("candidate_repeated", "The Page or account is chosen twice."),
    ("candidate_unknown", "The grant does not reach that Page or account."),
    (
        "caption_repeated",
        "The same caption would come again on a channel sooner than its platform should get it.",
    ),
    ("caption_too_long", "The caption is longer than the channel takes."),
    ("captions_too_many", "The series has more captions than one can have."),
    ("channel_ambiguous", "Several channels of the workspace have that name."),
    ("channel_not_connected", "The channel has no live connection; reconnect it first."),
    ("channel_repeated", "The post names the channel twice."),
    ("channel_scope_missing", "The channel's grant lacks permissions; reconnect it and grant them."),
    ("channel_unknown", "The workspace has no such channel."),
    ("completion_code_wrong", "The completion code is not the one that this login ended with."),
    ("content_missing", "There is neither a caption nor a link nor a picture."),
    ("control_character", "The text holds a control character."),
    ("csv_cells_mismatch", "The row has another number of cells than the header."),
    ("csv_cells_too_many", "The row has far more cells than there are columns."),
    ("csv_column_missing", "The header does not name the column `key`."),
    ("csv_column_repeated", "The header names a column twice."),
    ("csv_column_unknown", "The header names a column that there is not."),
    ("csv_encoding_wrong", "The file is not UTF-8."),
    ("csv_header_missing", "The file has no first row that names the columns."),
    (
        "csv_quote_misplaced",
        "Behind a quotation mark that closes a cell stands neither a comma nor the end of the line.",
    ),
    ("csv_quote_open", "A quotation mark of the file is never closed."),
    ("csv_row_too_long", "A row of the file has more bytes than any row may."),
    ("csv_rows_missing", "The file has no row below its header."),
    ("csv_rows_too_many", "The file has more rows than can be imported at once."),
    ("empty", "There is nothing in it."),
    ("exceptions_too_many", "The series would have more exceptions than one can have."),
    ("hashtags_too_many", "The caption has more hashtags than the channel takes."),
    (
        "ig_account_type",
        "Only Instagram professional accounts that are linked to a Page of the grant can be connected.",
    ),
    ("invalid", "The value is outside its range or form."),
    (
        "item_changed",
        "Somebody changed the post of that item while it was being made, or its channel was disconnected.",
    ),
    ("item_publishing_began", "Publishing of the post of that item has begun."),
    ("item_scope_missing", "The caller lacks a scope that this item needs."),
    ("item_unknown", "What that item names does not exist within the caller's reach."),
    ("item_wrong_state", "The state of the post of that item does not allow this."),
    ("key_repeated", "A row further up in the file has the same key."),
    ("link_invalid", "The link is not an http or https address with a host."),
    ("link_with_media", "The channel takes a link or pictures, not both."),
    ("local_time_invalid", "There is no such date or time of day."),
    (
        "local_time_out_of_range",
        "The local time has fractions of a second, or lies outside the years that a series can have.",
    ),
    ("media_address_refused", "The address is not one that this deployment fetches from."),
    ("media_empty", "The file has no bytes."),
    ("media_extension_mismatch", "The file's extension contradicts its content."),
    ("media_malformed", "The file is damaged or incomplete."),
    ("media_missing", "The channel needs at least one picture."),
    ("media_not_fetched", "Nothing could be fetched from the address."),
    ("media_shape", "The channel does not take pictures that wide or that tall."),
    ("media_too_large", "The picture has more bytes than the channel takes."),
    ("media_too_many", "There are more pictures than the channel takes."),
    ("media_too_many_pixels", "The picture has more pixels than any platform shows."),
    ("media_too_small", "The picture is narrower than the channel takes."),
    ("media_trailing_data", "Something follows the end of the picture in the file."),
    ("media_type", "The channel does not take pictures of that type."),
    ("media_type_mismatch", "The declared media type contradicts the content."),
    ("media_type_unsupported", "The file is of no type that can be uploaded."),
    ("media_unknown", "The workspace has no such media."),
    ("mentions_too_many", "The caption mentions more people than the channel takes."),
    ("no_variant", "The value is none of the variants that are allowed there."),
    ("not_a_mail_address", "The text is not a mail address."),
    ("not_allowed", "The value is not one of those that are allowed there."),
    ("not_an_origin", "The text is not a web origin: scheme, host and port, and nothing more."),
    ("not_ascii", "The header holds something else than visible ASCII."),
    ("not_in_future", "The instant has passed."),
    ("notice_required", "The privacy notice in force was not acknowledged."),
    ("nul_character", "The text holds U+0000."),
    ("occurrence_change_unclear", "What is asked for one occurrence does not go together."),
    ("occurrence_unknown", "The series has no occurrence at that original local time."),
    ("out_of_range", "The number is too small or too large."),
    ("platform_post_id_invalid", "This cannot be the id of a post of that platform."),
    ("post_repeated", "An item before that one names the same post."),
    ("post_unknown", "No such post waits in the queue."),
    ("posts_incomplete", "The order does not name each post of the queue once."),
    ("provider_not_configured", "The deployment is not configured for the provider."),
    ("range_backwards", "The last day lies before the first."),
    ("range_too_long", "There are more days than one view may span."),
    ("repeated", "It may be given once, and stands there more often."),
    ("repeated_key", "The object names a member twice."),
    ("required", "It is required, and missing."),
    ("return_url_not_allowed", "The address is not on an origin that the API key or the deployment allows."),
    ("rule_invalid", "The text is not a rule of recurrence that is supported."),
    ("rule_never_occurs", "The rule has no occurrence, or ends before its first one."),
    ("schedule_invalid", "The schedule is neither an instant nor a local time with its zone."),
    ("scopes_exceed_grantor", "The key would have a scope that its maker lacks."),
    ("syntax", "The body is not JSON in UTF-8."),
    ("targets_missing", "The post names no channel."),
    ("targets_too_many", "The post names more channels than one post can go to."),
    ("time_passed", "The time of the schedule has passed."),
    ("time_too_far", "The time of the schedule is further ahead than can be planned."),
    ("too_deep", "The body is nested too deep."),
    ("too_few", "There are too few."),
    ("too_large", "The number is too large."),
    ("too_long", "The text is too long."),
    ("too_many", "There are too many."),
    ("too_short", "The text is too short."),
    ("too_small", "The number is too small."),
    ("under_age", "The person does not assert to be old enough."),
    ("unknown_field", "There is no such field."),
    ("unknown_parameter", "There is no such parameter."),
    ("window_too_long", "The window is longer than can be listed at once."),
    ("workspace_unknown", "There is no such workspace within the caller's reach."),
    ("wrong_format", "The text is not in the format that is asked for, such as an instant or an address."),
    ("wrong_pattern", "The text does not match the pattern that is asked for."),
    ("wrong_type", "The value is of another JSON type."),
];

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use regex::Regex;

    use super::VIOLATION_CODES;

    /// The ways in which the sources name the code of a violation. Between a name and its code there is no end of a statement.
    const FORMS: [&str; 7] = [
        r#"Violation::(?:new|body)\([^;]{0,200}?,\s*"([a-z_]+)""#,
        r#"\breport\([^;"]{0,80}?"([a-z_]+)""#,
        r#"\bviolation\(\s*"([a-z_]+)""#,
        r#"\bviolation\(Part::[^;"]*"([a-z_]+)""#,
        r#"\bwrong\((?:"[a-z_]*"|name),\s*"([a-z_]+)""#,
        r#"\bself\.add\([^;]{0,200}?,\s*"([a-z_]+)""#,
        r#"\bone\("[a-z_]+",\s*"([a-z_]+)""#,
    ];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !matches!(name, "tests" | "testing") {
                sources(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs")
                && !matches!(name, "tests.rs" | "violation_code.rs")
            {
                found.push(path);
            }
        }
    }

    /// What can refuse a request, without its tests.
    fn code_of_the_api() -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["src", "../domain/publishing/src", "../domain/scheduling/src", "../domain/tenancy/src"]
        {
            sources(&root.join(folder), &mut files);
        }
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            (path, text)
        };
        files.into_iter().map(read).collect()
    }

    #[test]
    fn the_list_is_in_the_order_of_the_alphabet_and_names_nothing_twice() {
        assert!(VIOLATION_CODES.is_sorted_by(|(left, _), (right, _)| left < right));
        for (code, meaning) in VIOLATION_CODES {
            assert!(code.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')), "{code}");
            assert!(meaning.ends_with('.'), "{code}");
        }
    }

    #[test]
    fn every_code_that_the_sources_name_is_in_the_list() {
        let listed: BTreeSet<_> = VIOLATION_CODES.iter().map(|(code, _)| *code).collect();
        let forms = FORMS.map(|form| Regex::new(form).unwrap());
        let (mut found, mut missing) = (0, Vec::new());
        for (path, text) in code_of_the_api() {
            for code in forms.iter().flat_map(|form| form.captures_iter(&text)) {
                found += 1;
                if !listed.contains(&code[1]) {
                    missing.push(format!("{} in {}", &code[1], path.display()));
                }
            }
        }
        assert!(missing.is_empty(), "not in the list: {missing:#?}");
        assert!(found > 70, "only {found} places were recognised: the forms do not fit the sources any more");
    }

    #[test]
    fn every_code_in_the_list_is_named_by_the_sources() {
        let sources = code_of_the_api();
        let is_named = |code: &str| sources.iter().any(|(_, text)| text.contains(&format!("\"{code}\"")));
        let idle: Vec<_> =
            VIOLATION_CODES.iter().map(|(code, _)| code).filter(|code| !is_named(code)).collect();
        assert!(idle.is_empty(), "nobody answers with {idle:?}");
    }
}
