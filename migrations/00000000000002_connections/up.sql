-- Connections (a person's grant on a platform), the logins that lead to them, and the channels they reach.
-- A token is sealed under a data key of its own in connection_keys, which the organization's key wraps: deleting the key row
-- deletes the token with it and makes its copies in backups unreadable.

CREATE TABLE connections (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    provider text NOT NULL CHECK (provider IN ('meta')),
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'connected', 'needs_reauth', 'disconnected')),
    -- A keyed hash of the person's id on the platform: finds the row when the platform names the person.
    person_lookup bytea CHECK (octet_length(person_lookup) = 32),
    granted text[] NOT NULL DEFAULT '{}',
    declined text[] NOT NULL DEFAULT '{}',
    expires_at timestamptz,
    data_access_expires_at timestamptz,
    next_check_at timestamptz,
    remote_revoke text CHECK (remote_revoke IN ('ok', 'failed', 'unknown', 'shared')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT connections_checked_while_connected CHECK ((state = 'connected') = (next_check_at IS NOT NULL)),
    CONSTRAINT connections_know_the_person CHECK (state IN ('new', 'disconnected') OR person_lookup IS NOT NULL)
);
CREATE INDEX connections_by_age ON connections (organization_id, id DESC);
CREATE INDEX connections_by_workspace ON connections (organization_id, workspace_id);
CREATE INDEX connections_by_person ON connections (person_lookup) WHERE person_lookup IS NOT NULL;
CREATE INDEX connections_unfinished ON connections (updated_at) WHERE state = 'new';
CREATE INDEX connections_checks ON connections (next_check_at) WHERE next_check_at IS NOT NULL;

-- The login in progress, or the last one that failed.
CREATE TABLE connection_attempts (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL UNIQUE,
    begun_by_kind text NOT NULL CHECK (begun_by_kind IN ('session', 'api_key')),
    begun_by uuid NOT NULL,
    stage text NOT NULL DEFAULT 'awaiting_person'
        CHECK (stage IN ('awaiting_person', 'exchanging', 'awaiting_confirmation', 'awaiting_completion',
            'awaiting_selection', 'failed')),
    failure text,
    -- SHA-256 of one-time codes of 256 random bits. Each opens its stage only. What a browser brings (the state, and the nonce of
    -- the page that asks the person) stays, so that a code that was used can be told from one that never was.
    state_hash bytea NOT NULL CONSTRAINT connection_attempts_state_is_unique UNIQUE CHECK (octet_length(state_hash) = 32),
    confirmation_hash bytea CONSTRAINT connection_attempts_confirmation_is_unique UNIQUE
        CHECK (octet_length(confirmation_hash) = 32),
    completion_hash bytea CHECK (octet_length(completion_hash) = 32),
    return_url text,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE,
    CHECK ((stage = 'failed') = (failure IS NOT NULL)),
    CHECK (stage <> 'awaiting_confirmation' OR confirmation_hash IS NOT NULL),
    CHECK ((stage = 'awaiting_completion') = (completion_hash IS NOT NULL))
);
CREATE INDEX connection_attempts_by_end ON connection_attempts (expires_at);

-- Everything a grant reaches, sealed, until somebody chooses or time is up: thirteen minutes, and gone within fifteen.
CREATE TABLE pending_selections (
    attempt_id uuid PRIMARY KEY REFERENCES connection_attempts ON DELETE CASCADE,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    person_lookup bytea NOT NULL CHECK (octet_length(person_lookup) = 32),
    key_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Fifteen minutes, by clocks that may disagree a little.
    CONSTRAINT pending_selections_are_short_lived CHECK (expires_at <= created_at + interval '1 hour')
);
CREATE INDEX pending_selections_by_end ON pending_selections (expires_at);
CREATE INDEX pending_selections_by_person ON pending_selections (person_lookup);

-- One data key per token, wrapped by the organization's key.
CREATE TABLE connection_keys (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_keys_by_connection ON connection_keys (connection_id);

-- The person's own token, with the person's id on the platform.
CREATE TABLE connection_tokens (
    connection_id uuid PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
    key_id uuid NOT NULL UNIQUE REFERENCES connection_keys ON DELETE CASCADE,
    sealed bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE channels (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    connection_id uuid,
    platform text NOT NULL CHECK (platform IN ('facebook', 'instagram')),
    remote_id text NOT NULL,
    name text NOT NULL,
    username text,
    picture_url text,
    state text NOT NULL CHECK (state IN ('connected', 'needs_reauth', 'disconnected')),
    problem text,
    granted text[] NOT NULL DEFAULT '{}',
    missing text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    CONSTRAINT channels_are_unique_in_a_workspace UNIQUE (organization_id, workspace_id, platform, remote_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id),
    CONSTRAINT channels_have_a_connection CHECK ((state = 'disconnected') = (connection_id IS NULL))
);
CREATE INDEX channels_by_age ON channels (organization_id, id DESC);
CREATE INDEX channels_by_connection ON channels (connection_id) WHERE connection_id IS NOT NULL;
CREATE INDEX channels_by_remote_id ON channels (platform, remote_id, organization_id);

-- The token a channel publishes with.
CREATE TABLE channel_tokens (
    channel_id uuid PRIMARY KEY REFERENCES channels ON DELETE CASCADE,
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    key_id uuid NOT NULL UNIQUE REFERENCES connection_keys ON DELETE CASCADE,
    sealed bytea NOT NULL,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX channel_tokens_by_connection ON channel_tokens (connection_id);

-- Who consented to which scopes, under which notice, and when that ended.
CREATE TABLE consents (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    person_id uuid NOT NULL,
    through_kind text NOT NULL CHECK (through_kind IN ('session', 'api_key')),
    through_id uuid NOT NULL,
    policy_version text NOT NULL,
    granted text[] NOT NULL,
    declined text[] NOT NULL,
    ip_class text NOT NULL CHECK (ip_class IN ('loopback', 'private', 'public_v4', 'public_v6', 'unknown')),
    closed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX consents_one_open_per_connection ON consents (connection_id) WHERE closed_at IS NULL;
CREATE INDEX consents_by_connection ON consents (connection_id);
