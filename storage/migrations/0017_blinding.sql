-- Who has seen what of a study's results or of which system answered what: what they judge after
-- that is set apart. One row a person and thing, the first time.
CREATE TABLE unblindings (
    study_id VARCHAR,
    person_id VARCHAR,
    what VARCHAR,
    created_at TIMESTAMP NOT NULL,
    CHECK (what IN ('results', 'answers', 'judgements')),
    PRIMARY KEY (study_id, person_id, what)
);
CREATE VIEW first_unblindings AS
SELECT study_id, person_id, min(created_at) AS created_at
FROM unblindings
GROUP BY study_id, person_id;

-- Which of two answers a rater took for the candidate's, asked after the rating.
CREATE TABLE guesses (
    guess_id VARCHAR PRIMARY KEY,
    presentation_id VARCHAR NOT NULL UNIQUE,
    study_id VARCHAR NOT NULL,
    rater_id VARCHAR NOT NULL,
    guess VARCHAR NOT NULL,
    guessed_system_id VARCHAR,
    created_at TIMESTAMP NOT NULL,
    CHECK (guess IN ('left', 'right', 'unknown', 'skipped')),
    CHECK ((guess IN ('left', 'right')) = (guessed_system_id IS NOT NULL))
);

-- A rater's repeats are counted beside what they judge for the first time.
ALTER TABLE study_counts ADD COLUMN repeats INTEGER DEFAULT 0;
