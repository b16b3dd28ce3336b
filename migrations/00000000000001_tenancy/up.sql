-- Who: organizations, their members, workspaces, sessions and API keys.
-- Columns that end in _sealed hold ciphertext under a data key; see the vault.

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The key that wraps every data key of an organization, itself wrapped by the deployment's key ring.
CREATE TABLE organization_keys (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL UNIQUE REFERENCES organizations ON DELETE CASCADE,
    ring_version int NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    rewrapped_at timestamptz
);
CREATE INDEX organization_keys_by_ring_version ON organization_keys (ring_version, id);

CREATE TABLE persons (
    id uuid PRIMARY KEY,
    -- A keyed hash of the mail address in lower case: finds the row, does not reveal the address.
    mail_lookup bytea NOT NULL CONSTRAINT persons_mail_is_unique UNIQUE CHECK (octet_length(mail_lookup) = 32),
    mail_sealed bytea NOT NULL,
    -- Given by the person or absent; never derived from anything.
    name_sealed bytea,
    password_hash text NOT NULL CHECK (password_hash ~ '^\$2[aby]\$[0-9]{2}\$.{53}$'),
    pepper_version int NOT NULL CHECK (pepper_version >= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- A person's own data key, wrapped by the key ring: deleting it makes the person's columns unreadable, in backups too.
CREATE TABLE person_keys (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL UNIQUE REFERENCES persons ON DELETE CASCADE,
    ring_version int NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    rewrapped_at timestamptz
);
CREATE INDEX person_keys_by_ring_version ON person_keys (ring_version, id);

-- What a person confirmed and when: the version of the privacy notice, and being at least so old. Never a birth date.
CREATE TABLE acknowledgements (
    person_id uuid NOT NULL REFERENCES persons ON DELETE CASCADE,
    policy_version text NOT NULL CHECK (char_length(policy_version) BETWEEN 1 AND 100),
    is_of_age boolean NOT NULL CHECK (is_of_age),
    min_age smallint NOT NULL CHECK (min_age >= 16),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, policy_version)
);

CREATE TABLE memberships (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES persons ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'member')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, person_id)
);
CREATE INDEX memberships_by_person ON memberships (person_id, created_at);

CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    time_zone text NOT NULL CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    -- How late a post may still be published; after that it is missed.
    late_minutes int NOT NULL CHECK (late_minutes BETWEEN 0 AND 10080),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id)
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    person_id uuid NOT NULL,
    user_agent_sealed bytea,
    address_sealed bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    -- Moves with every refresh ...
    idle_expires_at timestamptz NOT NULL,
    -- ... but never beyond this.
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN ('signed_out', 'revoked', 'reused_token')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK (idle_expires_at <= expires_at),
    FOREIGN KEY (organization_id, person_id) REFERENCES memberships (organization_id, person_id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_person ON sessions (person_id, id);
CREATE INDEX sessions_by_last_use ON sessions (last_used_at);

-- Every refresh token that was ever issued for a session; all but the newest are used. Presenting a used one ends the session.
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE UNIQUE INDEX refresh_tokens_one_unused_per_session ON refresh_tokens (session_id) WHERE used_at IS NULL;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    granted_by uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    -- Of the whole text, 256 bits of which are random, so that a fast hash is enough.
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    -- Whether the key reaches every workspace; if not, api_key_workspaces lists the ones it reaches, maybe none.
    all_workspaces boolean NOT NULL,
    origins text[] NOT NULL,
    expires_at timestamptz CHECK (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, granted_by) REFERENCES memberships (organization_id, person_id) ON DELETE CASCADE
);
CREATE INDEX api_keys_by_origin ON api_keys USING gin (origins) WHERE revoked_at IS NULL;

CREATE TABLE api_key_workspaces (
    organization_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    PRIMARY KEY (api_key_id, workspace_id),
    FOREIGN KEY (organization_id, api_key_id) REFERENCES api_keys (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX api_key_workspaces_by_workspace ON api_key_workspaces (workspace_id);

-- Failed attempts by keyed hash of what is throttled (a mail address, a client address), until they are forgotten.
CREATE TABLE throttles (
    subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
    strikes int NOT NULL CHECK (strikes >= 0),
    blocked_until timestamptz NOT NULL,
    forget_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX throttles_by_forgetting ON throttles (forget_at);
