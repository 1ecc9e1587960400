-- Augmentations: a row each. Plan: core.augmentation.plan.AugmentationPlan as JSON; model: what it is
-- called, '' for rules; dropped: why texts were left out, and how many.
CREATE TABLE augmentations (
    augmentation_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    plan JSON NOT NULL,
    model VARCHAR NOT NULL,
    sources BIGINT NOT NULL,
    added BIGINT NOT NULL,
    known BIGINT NOT NULL,
    dropped JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP
);
-- Examples that an augmentation proposed: of which revision of which example, by which rule ('model':
-- by a model).
CREATE TABLE synthetic_examples (
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    augmentation_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    source_revision_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    seed BIGINT NOT NULL
);
