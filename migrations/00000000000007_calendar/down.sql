DROP TABLE feeds;
DROP INDEX posts_unplanned;
DROP TRIGGER publication_moved ON publications;
DROP TRIGGER publication_planned ON publications;
DROP FUNCTION keep_calendar_entry;
DROP TABLE calendar_entries;
