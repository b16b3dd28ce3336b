//! Which fields each kind of node has, and how an answer is cut down to those that were asked for.

use serde_json::{Map, Value};

use super::error::{GraphError, no_such_field};
use super::fields::Field;

/// A kind of node.
pub(crate) struct Shape {
    /// The name in errors.
    pub(crate) name: &'static str,
    /// Fields it may have, separated by blanks, from the reference pages; most are never filled in here.
    pub(crate) fields: &'static str,
    /// Fields that are nodes or lists of nodes themselves.
    pub(crate) nested: &'static [(&'static str, &'static Shape)],
    /// Fields an answer has when none are asked for.
    pub(crate) default: &'static [&'static str],
}

impl Shape {
    fn has(&self, field: &str) -> bool {
        self.fields.split_ascii_whitespace().any(|name| name == field)
            || self.nested.iter().any(|(name, _)| *name == field)
    }

    fn inside(&self, field: &str) -> Option<&'static Shape> {
        self.nested.iter().find(|(name, _)| *name == field).map(|(_, shape)| *shape)
    }

    /// Refuses fields that the node, or a node inside it, does not have, whether or not there is a node to show.
    pub(crate) fn check(&self, fields: &[Field]) -> Result<(), GraphError> {
        for field in fields {
            if !self.has(&field.name) {
                return Err(no_such_field(&field.name, self.name));
            }
            if let Some(shape) = self.inside(&field.name) {
                shape.check(&field.inner)?;
            }
        }
        Ok(())
    }

    /// Cuts a whole node down to the wanted fields, which were checked before. The id is always there.
    pub(crate) fn cut(&self, mut whole: Map<String, Value>, fields: &[Field]) -> Value {
        let mut out = Map::new();
        let mut keep = |name: &str, inner: &[Field]| {
            if let Some(value) = whole.remove(name) {
                let cut = match self.inside(name) {
                    Some(shape) => shape.cut_value(value, inner),
                    None => pick(value, inner),
                };
                out.insert(name.to_owned(), cut);
            }
        };
        if fields.is_empty() {
            for name in self.default {
                keep(name, &[]);
            }
        }
        for field in fields {
            keep(&field.name, &field.inner);
        }
        keep("id", &[]);
        Value::Object(out)
    }

    /// Cuts a node, or every node of a `{"data":[…]}`.
    fn cut_value(&self, value: Value, fields: &[Field]) -> Value {
        let Value::Object(mut object) = value else { return value };
        let Some(Value::Array(items)) = object.remove("data") else { return self.cut(object, fields) };
        let cut = |item| match item {
            Value::Object(node) => self.cut(node, fields),
            other => other,
        };
        object.insert("data".to_owned(), items.into_iter().map(cut).collect());
        Value::Object(object)
    }
}

/// Picks members of a plain object, or of the objects in its `data`; names it does not have are left out.
fn pick(value: Value, fields: &[Field]) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| pick(item, fields)).collect()),
        Value::Object(mut object) if !fields.is_empty() => {
            if let Some(data) = object.remove("data") {
                object.insert("data".to_owned(), pick(data, fields));
                return Value::Object(object);
            }
            let members = fields.iter().filter_map(|field| {
                object.remove(&field.name).map(|value| (field.name.clone(), pick(value, &field.inner)))
            });
            Value::Object(members.collect())
        }
        other => other,
    }
}

/// A Facebook user.
pub(crate) const USER: Shape = Shape {
    name: "User",
    fields: "id name first_name last_name middle_name name_format short_name email picture permissions accounts \
             client_business_id token_for_business locale verified",
    nested: &[],
    default: &["id", "name"],
};

/// An Instagram account as the Graph API shows it.
pub(crate) const IG_USER: Shape = Shape {
    name: "IGUser",
    fields: "biography business_discovery followers_count follows_count has_profile_pic id ig_id is_published \
             legacy_instagram_user_id media_count name owner_business profile_picture_url username website \
             account_type shopping_product_tag_eligibility shopping_review_status",
    nested: &[("media", &IG_MEDIA)],
    default: &["id"],
};

/// A Page.
pub(crate) const PAGE: Shape = Shape {
    name: "Page",
    fields: "id name about access_token app_id bio business can_checkin can_post category category_list checkins \
             company_overview contact_address cover current_location description emails engagement fan_count \
             featured_video followers_count global_brand_page_name has_added_app \
             has_transitioned_to_new_page_experience hours is_always_open is_community_page is_messenger_platform_bot \
             is_owned is_permanently_closed is_published is_unclaimed is_verified is_webhooks_subscribed link location \
             name_with_location_descriptor new_like_count overall_star_rating owner_business page_token parent_page \
             phone picture place_type products promotion_eligible rating_count single_line_address start_info \
             store_number talking_about_count tasks unread_message_count unread_notif_count username \
             verification_status website were_here_count perms page_created_time",
    nested: &[("instagram_business_account", &IG_USER), ("connected_instagram_account", &IG_USER)],
    default: &["id", "name"],
};

/// A Page as the list of accounts shows it.
pub(crate) const ACCOUNT_OF_USER: Shape =
    Shape { default: &["access_token", "category", "category_list", "name", "id", "tasks"], ..PAGE };

/// A post of a Page. `post_id` is a field of videos only, and asking for it here fails.
pub(crate) const POST: Shape = Shape {
    name: "Post",
    fields: "actions admin_creator allowed_advertising_objectives application attachments backdated_time \
             call_to_action can_reply_privately child_attachments comments comments_mirroring_domain coordinates \
             created_time event expanded_height expanded_width feed_targeting from full_picture height icon id \
             instagram_eligibility is_app_share is_eligible_for_promotion is_expired is_hidden is_inline_created \
             is_instagram_eligible is_popular is_published is_spherical likes message message_tags \
             multi_share_end_card multi_share_optimized parent_id permalink_url picture place privacy promotable_id \
             promotion_status properties reactions scheduled_publish_time sharedposts shares status_type story \
             story_tags subscribed target targeting timeline_visibility to updated_time via width",
    nested: &[],
    default: &["created_time", "message", "story", "id"],
};

/// A photo of a Page.
pub(crate) const PHOTO: Shape = Shape {
    name: "Photo",
    fields: "album alt_text alt_text_custom backdated_time can_backdate can_delete can_tag comments created_time \
             event from height icon id images likes link name name_tags page_story_id picture place reactions source \
             target updated_time webp_images width",
    nested: &[],
    default: &["created_time", "name", "id"],
};

/// A container.
pub(crate) const CONTAINER: Shape = Shape {
    name: "ShadowIGMediaBuilder",
    fields: "id status status_code video_status copyright_check_status",
    nested: &[],
    default: &["id"],
};

const IG_FIELDS: &str = "alt_text boost_ads_list boost_eligibility_info caption comments comments_count \
    copyright_check_information id ig_id is_ai_generated is_comment_enabled is_shared_to_feed \
    legacy_instagram_media_id like_count media_audio_type media_product_type media_type media_url owner permalink \
    reposts_count saved_count shares_count shortcode thumbnail_url timestamp total_comments_count total_like_count \
    total_views_count username video_title view_count";

/// A picture of a carousel.
const IG_CHILD: Shape = Shape { name: "IGMedia", fields: IG_FIELDS, nested: &[], default: &["id"] };

/// Published Instagram media.
pub(crate) const IG_MEDIA: Shape =
    Shape { name: "IGMedia", fields: IG_FIELDS, nested: &[("children", &IG_CHILD)], default: &["id"] };

/// The publishing limit.
pub(crate) const LIMIT: Shape = Shape {
    name: "ContentPublishingLimitResponse",
    fields: "config quota_usage",
    nested: &[],
    default: &["quota_usage"],
};

#[cfg(test)]
mod tests {
    use super::super::fields::parse;
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_has_the_wanted_fields_and_the_id() {
        let page = json!({"id": "1", "name": "P", "category": "C",
            "picture": {"data": {"url": "u", "width": 50}}, "instagram_business_account": {"id": "2", "username": "x"}});
        let wanted = "category,picture{url},instagram_business_account";
        let expected = json!({"id": "1", "category": "C", "picture": {"data": {"url": "u"}},
            "instagram_business_account": {"id": "2"}});
        let Value::Object(page) = page else { panic!() };
        assert_eq!(PAGE.cut(page, &parse(wanted).unwrap()), expected);
    }

    #[test]
    fn a_field_the_node_does_not_have_fails_the_call_also_inside() {
        let check = |shape: &Shape, fields: &str| shape.check(&parse(fields).unwrap());
        let error = check(&POST, "id,post_id").unwrap_err();
        assert_eq!((error.code, error.message.contains("(post_id) on node type (Post)")), (100, true));
        assert_eq!(check(&PAGE, "instagram_business_account{nope}").unwrap_err().code, 100);
        assert!(check(&PAGE, "instagram_business_account{username}").is_ok());
    }
}
