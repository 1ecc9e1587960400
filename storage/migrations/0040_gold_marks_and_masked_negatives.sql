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
-- A gold example is shown as it was imported: what was masked since is gold no more.
INSERT INTO gold_marks
SELECT 'masked', project_id, example_id, false, actor_id, created_at FROM gold_examples
WHERE example_id IN (SELECT example_id FROM revisions WHERE origin = 'mask');
DELETE FROM gold_examples
WHERE example_id IN (SELECT example_id FROM revisions WHERE origin = 'mask');
