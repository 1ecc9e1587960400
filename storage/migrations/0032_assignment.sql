-- Examples can be assigned to a person or a group: '' is the open queue. Counted per assignee, so that
-- a queue finds a person's own without a search. Columns that are added later have no NOT NULL.
ALTER TABLE example_current ADD COLUMN assigned_to VARCHAR DEFAULT '';
ALTER TABLE example_leases ADD COLUMN assigned_to VARCHAR DEFAULT '';
ALTER TABLE example_counts ADD COLUMN assigned_to VARCHAR DEFAULT '';
DROP VIEW example_tallies;
CREATE VIEW example_tallies AS
SELECT example_id, project_id, position // 8192 AS block, state, flagged,
       CASE WHEN flagged OR state IN ('annotated', 'sent_back') THEN author_id ELSE '' END
           AS author_id,
       assigned_to
FROM example_current;

CREATE TABLE assignments (
    batch_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    assigned_before VARCHAR NOT NULL,
    assigned_to VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE groups (
    group_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);
CREATE TABLE group_members (
    group_id VARCHAR,
    person_id VARCHAR,
    PRIMARY KEY (group_id, person_id)
);
CREATE TABLE quotas (
    project_id VARCHAR,
    person_id VARCHAR,
    per_day INTEGER,
    total INTEGER,
    CHECK (per_day > 0),
    CHECK (total > 0),
    PRIMARY KEY (project_id, person_id)
);
