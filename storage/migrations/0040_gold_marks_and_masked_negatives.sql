-- Gold marks that were set and taken away; a batch is one action.
CREATE TABLE gold_marks (
    batch_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    gold BOOLEAN NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO gold_marks
SELECT 'before', project_id, example_id, true, actor_id, created_at FROM gold_examples;
-- When personal data in a negative's own text were masked: it is in no preference pair since.
ALTER TABLE negatives ADD COLUMN masked_at TIMESTAMP;
