-- Posts, approvals and publications. `publications` is the queue: `next_step_at` says when its next step is due.

CREATE TABLE posts (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    caption         text NOT NULL,
    link            text,
    media           jsonb NOT NULL DEFAULT '[]',
    local_time      timestamp,
    time_zone       text,
    due_at          timestamptz,
    scheduled       boolean NOT NULL DEFAULT false,
    version         bigint NOT NULL DEFAULT 1,
    author_person   uuid NOT NULL,
    author_key      uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (NOT scheduled OR due_at IS NOT NULL),
    CHECK ((local_time IS NULL) = (time_zone IS NULL))
);
CREATE INDEX posts_by_workspace ON posts (organization_id, workspace_id, id DESC);
CREATE INDEX posts_by_organization ON posts (organization_id, id DESC);

CREATE TABLE post_targets (
    post_id          uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    channel_id       uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    place            smallint NOT NULL,
    caption          text,
    changes_link     boolean NOT NULL DEFAULT false,
    link             text,
    media            jsonb,
    PRIMARY KEY (post_id, channel_id)
);
CREATE INDEX post_targets_by_channel ON post_targets (channel_id);

CREATE TABLE approvals (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    post_id         uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    method          text NOT NULL CHECK (method IN ('schedule_action', 'standing_instruction')),
    person_id       uuid NOT NULL,
    api_key_id      uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((method = 'standing_instruction') = (api_key_id IS NOT NULL))
);
CREATE INDEX approvals_by_post ON approvals (post_id);

-- What an approval covers. A publication refers to one of these rows, so the database itself refuses content nobody approved.
CREATE TABLE approved_content (
    approval_id  uuid NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    channel_id   uuid NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    PRIMARY KEY (approval_id, channel_id, content_hash)
);

CREATE TABLE publications (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL,
    workspace_id     uuid NOT NULL,
    post_id          uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    channel_id       uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    platform         text NOT NULL,
    -- The channel's id there. Who publishes to it is a matter of the platform's object, whichever workspaces connected it.
    remote_id        text NOT NULL,
    state            text NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'preparing', 'ready', 'publishing',
                         'published', 'failed', 'unconfirmed', 'missed', 'cancelled')),
    reason           text,
    needs_person     boolean NOT NULL DEFAULT false,
    -- Cancelled while a call was under way: whatever comes of it, it is not sent again.
    taken_back       boolean NOT NULL DEFAULT false,
    -- Published by a person's word, which binds nobody else.
    declared         boolean NOT NULL DEFAULT false,
    due_at           timestamptz NOT NULL,
    deadline_at      timestamptz NOT NULL,
    next_step_at     timestamptz,
    epoch            bigint NOT NULL DEFAULT 0,
    -- Claims up to this one belong to an earlier plan: other content, another time.
    plan_epoch       bigint NOT NULL DEFAULT 0,
    worker           bigint,
    failures         integer NOT NULL DEFAULT 0,
    looks            integer NOT NULL DEFAULT 0,
    content          jsonb NOT NULL,
    content_hash     bytea NOT NULL,
    approval_id      uuid NOT NULL,
    handles          jsonb NOT NULL DEFAULT '{}',
    permitted_at     timestamptz,
    first_permitted_at timestamptz,
    platform_post_id text,
    permalink        text,
    published_at     timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (post_id, channel_id),
    FOREIGN KEY (approval_id, channel_id, content_hash)
        REFERENCES approved_content (approval_id, channel_id, content_hash),
    CHECK (deadline_at >= due_at),
    CONSTRAINT publication_waits CHECK (state NOT IN ('scheduled', 'preparing', 'ready', 'publishing') OR next_step_at IS NOT NULL),
    CONSTRAINT publication_claimed CHECK ((state IN ('preparing', 'publishing')) <= (worker IS NOT NULL)),
    CONSTRAINT publication_permitted CHECK (state NOT IN ('publishing', 'unconfirmed') OR permitted_at IS NOT NULL),
    CONSTRAINT publication_published CHECK ((state = 'published') = (platform_post_id IS NOT NULL)
        AND (state = 'published') = (published_at IS NOT NULL)),
    CONSTRAINT publication_refused CHECK (state <> 'failed' OR reason IS NOT NULL),
    CONSTRAINT publication_undecided CHECK (NOT needs_person OR (state = 'unconfirmed' AND next_step_at IS NULL)),
    CONSTRAINT publication_ended CHECK (state NOT IN ('failed', 'missed', 'cancelled') OR next_step_at IS NULL)
) WITH (fillfactor = 70);
-- The queue. A million future posts cost the ones due now nothing: they are further right in the index.
CREATE INDEX publications_steps ON publications (state, next_step_at) WHERE next_step_at IS NOT NULL;
-- One at a time per Page or account, whatever the workers do and however many workspaces or organizations connected it.
CREATE UNIQUE INDEX publications_lane ON publications (platform, remote_id) WHERE state = 'publishing';
-- What waits for nothing but its permit, text and links, and what is prepared before: neither is looked for among the other.
CREATE INDEX publications_texts ON publications (next_step_at) WHERE state = 'scheduled' AND NOT (content ? 'pictures');
CREATE INDEX publications_pictures ON publications (next_step_at) WHERE state = 'scheduled' AND content ? 'pictures';
-- One platform post belongs to one publication, by the platform's word.
CREATE UNIQUE INDEX publications_platform_post ON publications (platform, remote_id, platform_post_id)
    WHERE platform_post_id IS NOT NULL AND NOT declared;
-- By people's words too, within an organization.
CREATE UNIQUE INDEX publications_declared ON publications (organization_id, platform, remote_id, platform_post_id) WHERE declared;

CREATE TABLE attempts (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    organization_id uuid NOT NULL,
    publication_id  uuid NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    epoch           bigint NOT NULL,
    step            text NOT NULL,
    verdict         text NOT NULL,
    reason          text,
    status          integer,
    code            bigint,
    subcode         bigint,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (publication_id, id)
);

-- What happened, for those who want to be told: written in the transaction in which it happened.
CREATE TABLE events (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    organization_id uuid NOT NULL,
    kind            text NOT NULL,
    subject_id      uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_by_age ON events (created_at);
