-- Checks of a project's examples: the newest one's findings and duplicates stand in rows.
CREATE TABLE check_settings (
    project_id VARCHAR PRIMARY KEY,
    settings JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE checks (
    check_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    settings JSON NOT NULL,
    finding_settings JSON NOT NULL,
    examples BIGINT NOT NULL,
    result JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE checked_examples (
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    length BIGINT NOT NULL,
    question BIGINT NOT NULL,
    answer BIGINT NOT NULL,
    label VARCHAR NOT NULL,
    gender BIGINT NOT NULL,
    topic INTEGER,
    x DOUBLE,
    y DOUBLE
);
CREATE TABLE example_findings (
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    start_at INTEGER,
    end_at INTEGER,
    explanation VARCHAR NOT NULL,
    mend VARCHAR,
    CHECK (severity IN ('high', 'medium', 'low'))
);
CREATE TABLE duplicate_members (
    project_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    example_id VARCHAR NOT NULL,
    compared VARCHAR NOT NULL,
    text_hash VARCHAR NOT NULL,
    CHECK (kind IN ('exact', 'near', 'siblings'))
);
CREATE TABLE kept_duplicates (
    project_id VARCHAR NOT NULL,
    group_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    batch_id VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
