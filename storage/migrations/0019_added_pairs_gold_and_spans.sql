-- Pairs that were added to an open study: each time with a seal of its own, published then.
CREATE TABLE study_extensions (
    extension_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    examples INTEGER NOT NULL,
    moved JSON NOT NULL,
    probabilities JSON NOT NULL,
    judgements INTEGER NOT NULL,
    seal VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (study_id, number)
);
-- By which extension a pair came (0: the opening draw), and what it is in the sample since then,
-- where that differs from how it was drawn.
ALTER TABLE pairs ADD COLUMN extension INTEGER DEFAULT 0;
ALTER TABLE pairs ADD COLUMN sample_stratum VARCHAR;
ALTER TABLE pairs ADD COLUMN sample_probability DOUBLE;
ALTER TABLE pairs ADD COLUMN sampled_at TIMESTAMP;
-- Gold pairs are counted apart from the others.
ALTER TABLE study_counts ADD COLUMN gold BOOLEAN DEFAULT false;
-- The words of both answers that a rater marked: system id -> [{kind, start, end}], code points.
ALTER TABLE judgements ADD COLUMN spans JSON DEFAULT '{}';
