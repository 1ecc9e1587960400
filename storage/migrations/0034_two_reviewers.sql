-- Critical examples, and acceptances of a present revision that waits for other reviewers. Columns that
-- are added later have no NOT NULL.
ALTER TABLE example_current ADD COLUMN critical BOOLEAN DEFAULT false;
ALTER TABLE example_current ADD COLUMN accepts INTEGER DEFAULT 0;
CREATE TABLE acceptances (
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    person_id VARCHAR NOT NULL
);
