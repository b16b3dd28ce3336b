ALTER TABLE approvals DROP CONSTRAINT approval_by_key;
DROP TABLE series_occurrences, series;
