DROP TABLE events, attempts, publications, approved_content, approvals, post_targets, posts;
