-- Many posts at once: what a request made under a key, and files of posts that are taken in row by row.

-- What a request for many posts made under an idempotency key, by place; NULL where nothing was made.
CREATE TABLE bulk_creations (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    posts           uuid[] NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bulk_creations_by_age ON bulk_creations (created_at);

-- An import is worked off by whoever claims it; next_step_at says when somebody may.
CREATE TABLE imports (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    state           text NOT NULL CHECK (state IN ('receiving', 'queued', 'validating', 'running', 'done', 'failed', 'cancelled')),
    reason          text,
    dry_run         boolean NOT NULL,
    time_zone       text CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    -- SHA-256 of the file, once all of it is there.
    digest          bytea CHECK (octet_length(digest) = 32),
    author_person   uuid NOT NULL,
    author_key      uuid,
    author_session  uuid,
    -- Whether any row asks for publication.
    schedules       boolean NOT NULL DEFAULT false,
    row_count       integer NOT NULL DEFAULT 0,
    -- The number of the last row that was dealt with; the header is row 1.
    last_row        integer NOT NULL DEFAULT 1,
    read_count      integer NOT NULL DEFAULT 0,
    valid_count     integer NOT NULL DEFAULT 0,
    created_count   integer NOT NULL DEFAULT 0,
    skipped_count   integer NOT NULL DEFAULT 0,
    failed_count    integer NOT NULL DEFAULT 0,
    next_step_at    timestamptz,
    epoch           bigint NOT NULL DEFAULT 0,
    -- How often in a row the next step came to nothing.
    failures        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT import_has_an_author CHECK ((author_key IS NULL) <> (author_session IS NULL)),
    CONSTRAINT import_waits CHECK ((state IN ('queued', 'validating', 'running')) = (next_step_at IS NOT NULL)),
    CONSTRAINT import_ended CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT import_stopped CHECK ((state = 'failed') = (reason IS NOT NULL)),
    CONSTRAINT import_received CHECK (state = 'receiving' OR digest IS NOT NULL),
    CONSTRAINT import_counts CHECK (read_count = skipped_count + failed_count + valid_count AND read_count <= row_count)
);
CREATE INDEX imports_steps ON imports (next_step_at) WHERE next_step_at IS NOT NULL;
CREATE INDEX imports_by_organization ON imports (organization_id, id DESC);
CREATE INDEX imports_by_end ON imports (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE import_rows (
    import_id  uuid NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    number     integer NOT NULL CHECK (number >= 2),
    key        text NOT NULL,
    -- What stands in the row, until it is dealt with.
    cells      jsonb,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'valid', 'created', 'skipped', 'failed')),
    -- No foreign key: the post may be deleted, and the row still tells what became of it.
    post_id    uuid,
    violations jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (import_id, number),
    CONSTRAINT import_row_forgets CHECK (state = 'waiting' OR cells IS NULL),
    CONSTRAINT import_row_created CHECK (state <> 'created' OR post_id IS NOT NULL)
);
CREATE INDEX import_rows_by_state ON import_rows (import_id, state, number);
-- A dry run asks whether a key stands further up.
CREATE INDEX import_rows_valid_keys ON import_rows (import_id, md5(key)) WHERE state = 'valid';

-- Every key that became a post: a row with the same key is skipped, however long ago that was.
CREATE TABLE import_keys (
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    -- SHA-256 of the key.
    digest          bytea NOT NULL CHECK (octet_length(digest) = 32),
    post_id         uuid NOT NULL,
    -- The row that took it, so that one further down with the same key is told from one that is sent again. No foreign key: the
    -- import is forgotten before its keys.
    import_id       uuid NOT NULL,
    number          integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, digest),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
