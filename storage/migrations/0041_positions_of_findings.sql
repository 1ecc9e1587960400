-- Where an example stands beside what was found on it: its findings are looked up by position, which
-- skips the parts of a table that cannot have it; an id skips none.
ALTER TABLE checked_examples ADD COLUMN position BIGINT;
ALTER TABLE example_findings ADD COLUMN position BIGINT;
UPDATE checked_examples SET position = c.position
FROM example_current c WHERE c.example_id = checked_examples.example_id;
UPDATE example_findings SET position = c.position
FROM example_current c WHERE c.example_id = example_findings.example_id;
