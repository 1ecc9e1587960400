-- Several people annotate an example: what each of them wrote, and how many have.
CREATE TABLE annotations (
    annotation_id VARCHAR PRIMARY KEY,
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    person_id VARCHAR NOT NULL,
    based_on VARCHAR NOT NULL,
    instruction VARCHAR NOT NULL,
    input VARCHAR NOT NULL,
    output VARCHAR NOT NULL,
    labels JSON NOT NULL,
    quality INTEGER,
    comment VARCHAR NOT NULL,
    seconds DOUBLE,
    created_at TIMESTAMP NOT NULL,
    CHECK (quality BETWEEN 1 AND 5)
);
ALTER TABLE example_current ADD COLUMN annotations INTEGER DEFAULT 0;
-- The annotation that a decision took.
ALTER TABLE reviews ADD COLUMN annotation_id VARCHAR;
