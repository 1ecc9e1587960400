-- Gold examples: accepted ones that a lead marked, mixed into the annotate queue to measure people.
-- Their answers stand apart from revisions and annotations: nothing of an example changes by them.
CREATE TABLE gold_examples (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
-- What each person was given; 'known': they wrote it or decided on it, so they never are.
CREATE TABLE gold_tasks (
    example_id VARCHAR,
    person_id VARCHAR,
    project_id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    event_id VARCHAR,
    reason VARCHAR,
    created_at TIMESTAMP NOT NULL,
    CHECK (state IN ('open', 'answered', 'skipped', 'flagged', 'known')),
    PRIMARY KEY (example_id, person_id)
);
CREATE TABLE gold_annotations (
    annotation_id VARCHAR PRIMARY KEY,
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    based_on VARCHAR NOT NULL,
    expected_revision VARCHAR NOT NULL,
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
-- How many tasks each person was given, and the salt that decides which of them are gold.
CREATE TABLE gold_turns (
    project_id VARCHAR,
    person_id VARCHAR,
    salt VARCHAR NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (project_id, person_id)
);
