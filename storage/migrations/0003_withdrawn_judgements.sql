-- What a rater took back: it leaves `judgements` and `ratings`, which hold what counts, and stays
-- here whole, so that who changed which mind when can be read.
CREATE TABLE withdrawn_judgements (
    judgement_id VARCHAR PRIMARY KEY,
    study_id     VARCHAR NOT NULL,
    pair_id      VARCHAR NOT NULL,
    rater_id     VARCHAR NOT NULL,
    judgement    JSON NOT NULL,
    ratings      JSON NOT NULL,
    created_at   TIMESTAMP NOT NULL
);
