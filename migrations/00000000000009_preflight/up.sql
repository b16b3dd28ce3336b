-- How late one post may be, looks before the due time, and events that can be read in order.

-- How late this post may still go out; NULL means as the workspace says.
ALTER TABLE posts ADD COLUMN late_minutes integer CHECK (late_minutes BETWEEN 0 AND 10080);

-- What was found when a publication was looked at before its time. A table of its own: looking costs the queue nothing.
CREATE TABLE preflights (
    publication_id  uuid PRIMARY KEY REFERENCES publications (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    -- The plan that was looked at: what is planned anew is looked at anew.
    plan_epoch      bigint NOT NULL,
    -- The last look that was due: 1 the early one, 2 the late one.
    stage           smallint NOT NULL CHECK (stage IN (1, 2)),
    -- What stands in the way, each with its code, a sentence, and since when.
    warnings        jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(warnings) = 'array'),
    checked_at      timestamptz NOT NULL DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX preflights_at_risk ON preflights (organization_id, publication_id) WHERE warnings <> '[]';

-- The transaction that wrote an event. Numbers are drawn before their transactions end, so a reader who went by them alone would
-- pass over what a slower transaction writes later; whoever reads only what is older than every open transaction, in this order, does not.
ALTER TABLE events
    ADD COLUMN written_by bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    ADD PRIMARY KEY (organization_id, written_by, id);
