-- How far the annotators of an example differ, core.examples.disagreement; a row where they do.
CREATE TABLE disagreements (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    disagreement DOUBLE NOT NULL,
    CHECK (disagreement > 0 AND disagreement <= 1)
);
-- Negatives: worse answers to the question of an accepted example, of which revision, by which rule
-- ('model': by a model; cut: at the longest allowed). Other_id: the example whose answer it is, or ''.
CREATE TABLE negatives (
    negative_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    augmentation_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    source_revision_id VARCHAR NOT NULL,
    output VARCHAR NOT NULL,
    cut BOOLEAN NOT NULL,
    rule VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    seed BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    actor_id VARCHAR,
    decided_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    CHECK (state IN ('waiting', 'confirmed', 'refused'))
);
