//! Parameters that mean the same everywhere are described once.

use serde_json::Value;

/// Describes the parameters that the operation does not describe itself.
pub(super) fn describe(_: &str, _: &str, operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let meaning = match parameter["name"].as_str().unwrap_or_default() {
            "id" => "The identifier.",
            "limit" => "How many things the page holds at most.",
            "after" => "Where to read on: `next_cursor` of the page before.",
            "Idempotency-Key" => {
                "Any text of your choice that is new for each thing to be made. The same key and body get the first answer \
                 again for a day; another body is refused. Operations without this parameter refuse the header."
            }
            "If-Match" => {
                "The `ETag` that was read, or `*`. When the thing has changed since, the answer is 412."
            }
            _ => continue,
        };
        if parameter["description"].is_null() {
            parameter["description"] = meaning.into();
        }
    }
}
