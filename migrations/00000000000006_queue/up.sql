-- Times per channel, posting schedules, and the queue of each channel.

-- `posts.due_at` is the earliest of all channels; this is the post's own time, if it has one.
ALTER TABLE posts ADD own_due_at timestamptz;
UPDATE posts SET own_due_at = due_at;

ALTER TABLE post_targets
    -- With the post, at a time of its own, in a slot of the channel's queue (then the publication has the time), or not at all.
    ADD timing     text NOT NULL DEFAULT 'post' CHECK (timing IN ('post', 'own', 'queue', 'unplanned')),
    ADD local_time timestamp,
    ADD time_zone  text,
    ADD due_at     timestamptz,
    ADD CONSTRAINT target_local CHECK ((local_time IS NULL) = (time_zone IS NULL)),
    ADD CONSTRAINT target_own CHECK ((timing = 'own') = (due_at IS NOT NULL) AND (timing = 'own' OR local_time IS NULL));

ALTER TABLE publications
    -- Whether its time is a slot of the channel's queue.
    ADD queued boolean NOT NULL DEFAULT false,
    -- What waits in a queue that is paused has no next step.
    DROP CONSTRAINT publication_waits,
    ADD CONSTRAINT publication_waits CHECK (state NOT IN ('scheduled', 'preparing', 'ready', 'publishing')
        OR next_step_at IS NOT NULL OR (state = 'scheduled' AND queued)),
    -- A slot is taken once. Deferrable means: compared at the end of a statement, so that one statement can exchange slots.
    ADD CONSTRAINT publications_slot EXCLUDE USING btree (channel_id WITH =, due_at WITH =)
        WHERE (queued AND state IN ('scheduled', 'preparing', 'ready', 'publishing', 'unconfirmed', 'published'))
        DEFERRABLE INITIALLY IMMEDIATE;
-- Everybody who waits in a queue. The slots of what was published long ago are not in it.
CREATE INDEX publications_waiting ON publications (channel_id, due_at)
    WHERE (queued AND state IN ('scheduled', 'preparing', 'ready'));

-- When a workspace publishes: `schedule` is zone, week, blackouts and spacing_minutes as the API shows them.
CREATE TABLE posting_schedules (
    workspace_id    uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    schedule        jsonb NOT NULL,
    refill          text NOT NULL DEFAULT 'leave' CHECK (refill IN ('leave', 'move_up', 'pull_last')),
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

-- One row for each channel whose queue was used or that has a schedule of its own. Whoever changes the queue locks it.
CREATE TABLE channel_queues (
    channel_id      uuid PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    flow            text NOT NULL DEFAULT 'running' CHECK (flow IN ('running', 'paused')),
    -- What the channel does differently from its workspace, if anything.
    schedule        jsonb,
    version         bigint NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX channel_queues_by_workspace ON channel_queues (workspace_id);
