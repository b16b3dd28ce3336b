-- When publications are due, by workspace, for calendars and exports; and the secret addresses of calendars.

-- Beside `publications` and not indexes on it: every step of a publication writes every index of that table anew (`state` and
-- `next_step_at` are indexed, so no update of it is a heap-only one). These rows are written when a publication is planned and
-- when its time changes, and never by the workers; and their index answers a calendar's counts by itself. Whoever asks what a
-- channel, an account or an organization has goes this way, too.
CREATE TABLE calendar_entries (
    publication_id  uuid PRIMARY KEY REFERENCES publications (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    channel_id      uuid NOT NULL,
    due_at          timestamptz NOT NULL,
    -- Whether the time is a slot of the channel's queue.
    queued          boolean NOT NULL DEFAULT false
);
CREATE INDEX calendar_entries_by_time ON calendar_entries (workspace_id, due_at, channel_id, publication_id);
CREATE INDEX calendar_entries_of_channel ON calendar_entries (channel_id, due_at);
CREATE INDEX calendar_entries_of_organization ON calendar_entries (organization_id, publication_id DESC);

INSERT INTO calendar_entries (publication_id, organization_id, workspace_id, channel_id, due_at, queued)
    SELECT id, organization_id, workspace_id, channel_id, due_at, queued FROM publications;

CREATE FUNCTION keep_calendar_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO calendar_entries (publication_id, organization_id, workspace_id, channel_id, due_at, queued)
        VALUES (NEW.id, NEW.organization_id, NEW.workspace_id, NEW.channel_id, NEW.due_at, NEW.queued)
        ON CONFLICT (publication_id) DO UPDATE SET due_at = excluded.due_at, queued = excluded.queued;
    RETURN NULL;
END
$$;
CREATE TRIGGER publication_planned AFTER INSERT ON publications FOR EACH ROW EXECUTE FUNCTION keep_calendar_entry();
CREATE TRIGGER publication_moved AFTER UPDATE OF due_at, queued ON publications FOR EACH ROW
    WHEN ((OLD.due_at, OLD.queued) IS DISTINCT FROM (NEW.due_at, NEW.queued)) EXECUTE FUNCTION keep_calendar_entry();

-- Posts that have a time and are not planned for it.
CREATE INDEX posts_unplanned ON posts (workspace_id, due_at, id) WHERE due_at IS NOT NULL AND NOT scheduled;

-- Calendars that calendar programs subscribe to. The address is the secret; the row goes when it is revoked, with whoever made it,
-- and with the API key it was made with.
CREATE TABLE feeds (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    name            text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    -- Of the whole text, 256 bits of which are random, so that a fast hash is enough.
    hash            bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    -- Only of these channels, only with these statuses; all of them where there is no list.
    channels        uuid[] CHECK (cardinality(channels) > 0),
    statuses        text[] CHECK (cardinality(statuses) > 0 AND statuses <@ ARRAY['planned', 'draft', 'scheduled', 'publishing',
                        'published', 'partially_published', 'failed', 'missed', 'cancelled', 'needs_attention']),
    person_id       uuid NOT NULL,
    api_key_id      uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, person_id) REFERENCES memberships (organization_id, person_id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, api_key_id) REFERENCES api_keys (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX feeds_by_workspace ON feeds (workspace_id, id);
CREATE INDEX feeds_by_api_key ON feeds (api_key_id) WHERE api_key_id IS NOT NULL;
