-- Imports are taken in by parts: `next_row` is the first row that is not in yet, NULL when all are.
ALTER TABLE imports ADD COLUMN next_row BIGINT DEFAULT NULL;
-- The state in which the examples entered: new, or accepted for a lead's trusted data.
ALTER TABLE imports ADD COLUMN entered_as VARCHAR DEFAULT 'new';
ALTER TABLE imports ADD COLUMN label_problems BIGINT DEFAULT 0;
ALTER TABLE imports ADD COLUMN warnings JSON DEFAULT '[]';
-- 'record': the record stayed out; 'label': the example came in without one of its labels.
ALTER TABLE import_rejects ADD COLUMN kind VARCHAR DEFAULT 'record';
