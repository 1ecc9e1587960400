-- Pairs whose first judgement could tell are counted too: “cannot judge” does not meet the 10 % rule.
CREATE TABLE study_counts_with_reviewed (
    study_id VARCHAR NOT NULL,
    rater_id VARCHAR NOT NULL,
    pairs INTEGER NOT NULL,
    places INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    judged INTEGER NOT NULL,
    judgements INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    repeats INTEGER DEFAULT 0,
    reviewed INTEGER NOT NULL DEFAULT 0
);
INSERT INTO study_counts_with_reviewed
SELECT study_id, rater_id, pairs, places, filled, judged, judgements, blocked, repeats, 0
FROM study_counts;
INSERT INTO study_counts_with_reviewed
SELECT study_id, '', 0, 0, 0, 0, 0, 0, 0, count(*) FROM (
    SELECT study_id, outcome FROM judgements
    QUALIFY row_number() OVER (PARTITION BY pair_id ORDER BY created_at, judgement_id) = 1
) WHERE outcome <> 'cannot_judge' GROUP BY study_id;
DROP TABLE study_counts;
ALTER TABLE study_counts_with_reviewed RENAME TO study_counts;
