//! Which posts are due within a time: those that have a publication that is, or, where they have none, that are themselves.

/// The ids of posts `o` that fit `base` and are due from `$4` and before `$5` (open where null), on one of the channels `$6` if these
/// are named; in their order, at most `limit`.
///
/// `entries` is a condition on `calendar_entries e` that an index answers. Both ways are open to the planner: from what is due
/// in a short time to its posts, or along the posts where the time is long.
pub(super) fn due_within(base: &str, entries: &str, order: &str, limit: &str) -> String {
    let time = |table: &str| {
        format!(
            "{table}.due_at >= coalesce($4, '-infinity'::timestamptz) AND {table}.due_at < coalesce($5, 'infinity'::timestamptz)"
        )
    };
    let cut = |table: &str| format!("ORDER BY {table} {order} LIMIT {limit}");
    let (of_entry, of_post, each) = (time("e"), time("o"), cut("o.id"));
    format!(
        "(SELECT o.id FROM posts o WHERE {base} AND EXISTS (SELECT FROM publications p JOIN calendar_entries e ON e.publication_id = p.id
            WHERE p.post_id = o.id AND {entries} AND {of_entry} AND ($6 IS NULL OR e.channel_id = ANY ($6))) {each})
        UNION ALL
        (SELECT o.id FROM posts o WHERE {base} AND NOT o.scheduled AND o.due_at IS NOT NULL AND {of_post}
            AND ($6 IS NULL OR EXISTS (SELECT FROM post_targets t WHERE t.post_id = o.id AND t.channel_id = ANY ($6)))
            AND NOT EXISTS (SELECT FROM publications p WHERE p.post_id = o.id) {each})
        {}",
        cut("id")
    )
}
