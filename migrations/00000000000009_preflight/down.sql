DROP TABLE preflights;
ALTER TABLE events DROP COLUMN written_by;
ALTER TABLE posts DROP COLUMN late_minutes;
