-- Pictures and videos: what the team sees (assets), where the bytes are (objects), and the keys they are sealed with.

-- The key that seals the content keys of an organization's objects, wrapped by the organization's key.
CREATE TABLE media_keys (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL UNIQUE REFERENCES organizations ON DELETE CASCADE,
    wrapped         bytea NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);

-- One per content and organization: the same bytes are kept once, whatever workspaces use them. A row is there before its object is
-- written and goes after its object is deleted, so that no object is ever without a row, also after a crash.
CREATE TABLE media_objects (
    id                 uuid PRIMARY KEY,
    -- No foreign key: the object has to be deleted from the storage before its row may go.
    organization_id    uuid NOT NULL,
    -- The name in the storage: random within a keyed prefix per organization.
    name               text NOT NULL UNIQUE,
    digest             bytea NOT NULL CHECK (octet_length(digest) = 32),
    bytes              bigint NOT NULL CHECK (bytes > 0),
    content_key_sealed bytea NOT NULL,
    state              text NOT NULL CHECK (state IN ('storing', 'stored', 'doomed')),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX media_objects_once_per_content ON media_objects (organization_id, digest) WHERE state = 'stored';
-- What the sweep looks through.
CREATE INDEX media_objects_unfinished ON media_objects (updated_at) WHERE state <> 'stored';

CREATE TABLE media_assets (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    -- Kept after deletion, when the object is gone.
    object_id       uuid,
    -- SHA-256 of the bytes as they are stored and published.
    digest          bytea NOT NULL CHECK (octet_length(digest) = 32),
    kind            text NOT NULL CHECK (kind IN ('jpeg', 'png', 'gif', 'webp', 'mp4', 'quicktime')),
    width           int NOT NULL CHECK (width > 0),
    height          int NOT NULL CHECK (height > 0),
    duration_ms     bigint CHECK (duration_ms >= 0),
    bytes           bigint NOT NULL CHECK (bytes > 0),
    alt_text        text CHECK (char_length(alt_text) <= 1000),
    filename        text CHECK (char_length(filename) <= 255),
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    -- No cascade: a workspace goes after its assets, and these with their objects.
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id),
    FOREIGN KEY (organization_id, object_id) REFERENCES media_objects (organization_id, id),
    CONSTRAINT media_asset_has_bytes CHECK (deleted_at IS NOT NULL OR object_id IS NOT NULL),
    CONSTRAINT media_asset_keeps_nothing CHECK (deleted_at IS NULL OR (object_id IS NULL AND alt_text IS NULL AND filename IS NULL))
);
-- The same bytes in the same workspace are the same asset.
CREATE UNIQUE INDEX media_assets_once_per_content ON media_assets (workspace_id, digest) WHERE deleted_at IS NULL;
CREATE INDEX media_assets_by_workspace ON media_assets (organization_id, workspace_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX media_assets_by_object ON media_assets (object_id) WHERE object_id IS NOT NULL;
