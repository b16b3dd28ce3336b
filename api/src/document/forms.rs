//! What the framework cannot say about forms: that unknown parts are refused, and what files may be.

use publishing::media::MediaKind;
use serde_json::{Map, Value, json};

/// Closes a form and names the media types of its files.
pub(super) fn describe(_: &str, _: &str, operation: &mut Value) {
    let Some(form) = operation.pointer_mut("/requestBody/content/multipart~1form-data") else { return };
    form["schema"]["additionalProperties"] = false.into();
    let accepted = MediaKind::ALL.map(MediaKind::content_type).join(", ");
    let parts = form["schema"]["properties"].as_object().into_iter().flatten();
    let files = parts.filter(|(_, part)| part["format"] == "binary");
    let encoding: Map<_, _> =
        files.map(|(name, _)| (name.clone(), json!({"contentType": accepted}))).collect();
    form["encoding"] = encoding.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_closed_and_its_files_have_their_media_types() {
        let properties = json!({"name": {"type": "string"}, "file": {"type": "string", "format": "binary"}});
        let media = json!({"multipart/form-data": {"schema": {"type": "object", "properties": properties}}});
        let mut operation = json!({"requestBody": {"content": media}});
        describe("/media", "post", &mut operation);
        let form = &operation["requestBody"]["content"]["multipart/form-data"];
        assert_eq!(form["schema"]["additionalProperties"], false);
        assert!(form["encoding"]["file"]["contentType"].as_str().unwrap().starts_with("image/jpeg, "));
        assert!(form["encoding"]["name"].is_null());
    }

    #[test]
    fn an_operation_without_a_form_stays_as_it_is() {
        let mut operation = json!({"requestBody": {"content": {"application/json": {}}}});
        let before = operation.clone();
        describe("/posts", "post", &mut operation);
        assert_eq!(operation, before);
    }
}
