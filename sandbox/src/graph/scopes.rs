//! Permissions the sandbox knows.

/// Permissions that can be asked for (<https://developers.facebook.com/docs/permissions>).
pub(crate) const KNOWN: [&str; 19] = [
    "public_profile",
    "email",
    "pages_show_list",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_posts",
    "pages_manage_engagement",
    "pages_manage_metadata",
    "publish_video",
    "read_insights",
    "business_management",
    "ads_management",
    "ads_read",
    "pages_messaging",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_insights",
    "instagram_manage_contents",
];

/// Whether the sandbox knows a permission.
pub(crate) fn known(scope: &str) -> bool {
    KNOWN.contains(&scope)
}

/// What a permission is granted for one by one: Pages, Instagram accounts, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Particular Pages.
    Pages,
    /// Particular Instagram accounts.
    Accounts,
    /// The person as a whole.
    Person,
}

/// What a permission is granted for.
pub(crate) fn reach(scope: &str) -> Reach {
    match scope {
        "public_profile" | "email" | "business_management" => Reach::Person,
        _ if scope.starts_with("instagram_") => Reach::Accounts,
        _ => Reach::Pages,
    }
}
