-- Series: posts that recur, and which of their occurrences became posts.

CREATE TABLE series (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    caption         text NOT NULL,
    link            text,
    media           jsonb NOT NULL DEFAULT '[]',
    -- The channels with what differs there, in order.
    targets         jsonb NOT NULL,
    -- Captions that occurrences use in turn; empty where all have the same.
    captions        jsonb NOT NULL DEFAULT '[]',
    -- Start, rule and exceptions.
    plan            jsonb NOT NULL,
    -- What single occurrences say, by their original local times.
    edits           jsonb NOT NULL DEFAULT '{}',
    state           text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'cancelled')),
    reason          text CHECK (reason IN ('key_revoked', 'member_removed', 'channel_not_connected', 'content_refused')),
    -- No occurrence before this one is without a post. Null: nothing is to be made.
    next_at         timestamptz,
    -- Until when a worker makes its posts. It keeps workers out of each other's way; what keeps posts apart is the key of
    -- series_occurrences.
    claimed_until   timestamptz,
    -- On whose word its posts go out.
    instructor_person uuid NOT NULL,
    instructor_key  uuid,
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT series_paused_for_a_reason CHECK ((state = 'paused') = (reason IS NOT NULL)),
    CONSTRAINT series_makes_posts_while_active CHECK (state = 'active' OR next_at IS NULL)
);
CREATE INDEX series_by_workspace ON series (organization_id, workspace_id, id DESC);
CREATE INDEX series_due ON series (next_at) WHERE next_at IS NOT NULL;

-- An occurrence becomes a post once. The row stays when its post is deleted, so that nobody makes it again.
CREATE TABLE series_occurrences (
    series_id    uuid NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    -- By what it is known: the local time that the rule gives it, wherever it was moved to.
    original     timestamp NOT NULL,
    post_id      uuid UNIQUE REFERENCES posts (id) ON DELETE SET NULL,
    -- The version of the post that the series wrote; with another one, somebody changed it by hand.
    post_version bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (series_id, original)
);

-- A series is a standing instruction, of a member or of a key; what comes with a key still is nothing else.
ALTER TABLE approvals DROP CONSTRAINT approvals_check;
ALTER TABLE approvals ADD CONSTRAINT approval_by_key CHECK (api_key_id IS NULL OR method = 'standing_instruction');
