-- The split of an example is decided once, for its near-duplicate group, and kept by all later
-- versions. `group_id` is the example that the group was drawn by, `version_id` the version that
-- decided. Without keys, as `version_examples`: an index would cost more than the insert, and both
-- are written only in the transaction that inserts the version, whose key is checked.
CREATE TABLE example_splits (
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    split      VARCHAR NOT NULL CHECK (split IN ('train', 'validation', 'test')),
    group_id   VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
-- Where versions of old contradict each other, the earliest one decides.
INSERT INTO example_splits
SELECT m.example_id, v.project_id, arg_min(m.split, v.number), arg_min(m.group_id, v.number),
       arg_min(v.version_id, v.number), arg_min(v.created_at, v.number)
FROM version_examples m JOIN dataset_versions v USING (version_id)
GROUP BY m.example_id, v.project_id;

CREATE TABLE version_examples_without_key (
    version_id  VARCHAR NOT NULL,
    example_id  VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    split       VARCHAR NOT NULL CHECK (split IN ('train', 'validation', 'test')),
    group_id    VARCHAR NOT NULL,
    position    BIGINT NOT NULL
);
INSERT INTO version_examples_without_key
SELECT version_id, example_id, revision_id, split, group_id, position FROM version_examples;
DROP TABLE version_examples;
ALTER TABLE version_examples_without_key RENAME TO version_examples;

-- Accepted examples that a version leaves out, and the example of another split that each is near.
CREATE TABLE version_left_out (
    version_id  VARCHAR NOT NULL,
    example_id  VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL,
    near_id     VARCHAR
);

-- `largest` lists the largest near-duplicate groups; `left_out` counts `version_left_out`.
CREATE TABLE dataset_versions_of_any_use (
    version_id      VARCHAR PRIMARY KEY,
    project_id      VARCHAR NOT NULL,
    number          INTEGER NOT NULL,
    name            VARCHAR NOT NULL,
    evaluation_only BOOLEAN NOT NULL,
    content_hash    VARCHAR NOT NULL,
    seed            BIGINT NOT NULL,
    ratios          JSON NOT NULL,
    counts          JSON NOT NULL,
    groups          BIGINT NOT NULL,
    kept            BIGINT NOT NULL,
    left_out        BIGINT NOT NULL,
    largest         JSON NOT NULL,
    warnings        JSON NOT NULL,
    notes           VARCHAR NOT NULL DEFAULT '',
    actor_id        VARCHAR NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    UNIQUE (project_id, number)
);
INSERT INTO dataset_versions_of_any_use
SELECT version_id, project_id, number, name,
       CAST(ratios ->> 2 AS DOUBLE) = 1.0, content_hash, seed, ratios, counts,
       coalesce(CAST(counts ->> 'groups' AS BIGINT), CAST(counts ->> 'total' AS BIGINT), 0),
       0, 0, '[]', warnings, notes, actor_id, created_at
FROM dataset_versions;
DROP TABLE dataset_versions;
ALTER TABLE dataset_versions_of_any_use RENAME TO dataset_versions;
