DROP TABLE channel_queues, posting_schedules;
DROP INDEX publications_waiting;
ALTER TABLE publications DROP CONSTRAINT publications_slot, DROP CONSTRAINT publication_waits;
-- What waits in a paused queue would never go: it is taken back.
UPDATE publications SET state = 'cancelled', reason = 'by_caller' WHERE state = 'scheduled' AND next_step_at IS NULL;
ALTER TABLE publications DROP COLUMN queued,
    ADD CONSTRAINT publication_waits CHECK (state NOT IN ('scheduled', 'preparing', 'ready', 'publishing') OR next_step_at IS NOT NULL);
ALTER TABLE post_targets DROP COLUMN timing, DROP COLUMN local_time, DROP COLUMN time_zone, DROP COLUMN due_at;
ALTER TABLE posts DROP COLUMN own_due_at;
