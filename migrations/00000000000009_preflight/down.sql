DROP TABLE preflights;
DROP INDEX events_in_order;
ALTER TABLE events DROP COLUMN written_by;
ALTER TABLE posts DROP COLUMN late_minutes;
