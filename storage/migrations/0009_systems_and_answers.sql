-- Systems by id everywhere: a system is a model, a prompt and a decoding, bound to no version;
-- answers belong to (system, example, revision), scores and judgements to answers; what is rated
-- is a presentation. Everything that is there moves over.

ALTER TABLE systems RENAME TO old_systems;
ALTER TABLE generations RENAME TO old_answers;
ALTER TABLE scores RENAME TO old_scores;
ALTER TABLE studies RENAME TO old_studies;
ALTER TABLE judgements RENAME TO old_judgements;
ALTER TABLE ratings RENAME TO old_ratings;
ALTER TABLE study_raters RENAME TO old_study_raters;
ALTER TABLE withdrawn_judgements RENAME TO old_withdrawn;

-- Systems and their generations -----------------------------------------------------------------

CREATE TABLE systems (
    system_id  VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    kind       VARCHAR NOT NULL CHECK (kind IN ('base', 'prompted', 'tuned', 'imported')),
    name       VARCHAR NOT NULL,
    run_id     VARCHAR,
    spec       JSON NOT NULL,
    actor_id   VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP
);
INSERT INTO systems
    (system_id, project_id, kind, name, run_id, spec, actor_id, created_at, removed_at)
SELECT system_id, project_id, kind, name, run_id, config, actor_id, created_at, removed_at
FROM old_systems;

-- One time that a system answered examples of a version, and under which conditions.
CREATE TABLE generations (
    generation_id VARCHAR PRIMARY KEY,
    system_id     VARCHAR NOT NULL,
    version_id    VARCHAR NOT NULL,
    split         VARCHAR NOT NULL CHECK (split IN ('train', 'validation', 'test', 'all')),
    job_id        VARCHAR,
    spec          JSON NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    summary       JSON
);
INSERT INTO generations
    (generation_id, system_id, version_id, split, job_id, spec, created_at, summary)
SELECT 'gen_' || s.system_id, s.system_id, s.version_id, s.split, s.job_id,
       CASE
           WHEN s.kind = 'imported' THEN '{}'
           ELSE json_object(
               'prompt_hash', r.spec ->> 'template_hash',
               'decoding', json_object(
                   'temperature', s.config -> 'temperature', 'seed', s.config -> 'seed'
               ),
               'cap', s.config -> 'max_new_tokens',
               'shots', CASE WHEN s.kind = 'prompted' THEN s.config -> 'shots' ELSE '0' END
           )
       END,
       s.created_at, NULL
FROM old_systems s LEFT JOIN runs r ON r.run_id = s.run_id;

-- Without a key: rows come in bulk, once per generation, and are looked up by joins.
CREATE TABLE answers (
    system_id     VARCHAR NOT NULL,
    example_id    VARCHAR NOT NULL,
    revision_id   VARCHAR NOT NULL,
    generation_id VARCHAR NOT NULL,
    text          VARCHAR NOT NULL,
    cut           VARCHAR NOT NULL DEFAULT '',
    prompt_tokens INTEGER,
    new_tokens    INTEGER,
    seconds       DOUBLE,
    finish        VARCHAR NOT NULL
);
INSERT INTO answers
    (system_id, example_id, revision_id, generation_id, text, prompt_tokens, new_tokens, seconds,
     finish)
SELECT a.system_id, a.example_id, coalesce(m.revision_id, ''), 'gen_' || a.system_id, a.text,
       a.prompt_tokens, a.new_tokens, a.seconds, a.finish
FROM old_answers a
JOIN old_systems s ON s.system_id = a.system_id
LEFT JOIN version_examples m ON m.version_id = s.version_id AND m.example_id = a.example_id
ORDER BY a.system_id, m.position;

-- How much of a version a system has answered; written when answers come in, counted once.
CREATE TABLE system_coverage (
    system_id     VARCHAR NOT NULL,
    version_id    VARCHAR NOT NULL,
    split         VARCHAR NOT NULL,
    generation_id VARCHAR NOT NULL,
    answers       INTEGER NOT NULL,
    cut           INTEGER NOT NULL,
    capped        INTEGER NOT NULL,
    PRIMARY KEY (system_id, version_id, split, generation_id)
);

-- Scores: what counts now; a scoring says under which settings it was made.
CREATE TABLE scorings (
    scoring_id    VARCHAR PRIMARY KEY,
    system_id     VARCHAR NOT NULL,
    version_id    VARCHAR NOT NULL,
    settings      JSON NOT NULL,
    settings_hash VARCHAR NOT NULL,
    summary       JSON NOT NULL,
    job_id        VARCHAR,
    created_at    TIMESTAMP NOT NULL
);
INSERT INTO scorings
    (scoring_id, system_id, version_id, settings, settings_hash, summary, job_id, created_at)
SELECT 'sco_' || system_id, system_id, version_id, '{}', '', summary, NULL, created_at
FROM old_systems WHERE summary IS NOT NULL;

CREATE TABLE scores (
    scoring_id  VARCHAR NOT NULL,
    system_id   VARCHAR NOT NULL,
    example_id  VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    metric      VARCHAR NOT NULL,
    value       DOUBLE NOT NULL
);
INSERT INTO scores (scoring_id, system_id, example_id, revision_id, metric, value)
SELECT 'sco_' || c.system_id, c.system_id, c.example_id, coalesce(m.revision_id, ''), c.metric,
       c.value
FROM old_scores c
JOIN old_systems s ON s.system_id = c.system_id
LEFT JOIN version_examples m ON m.version_id = s.version_id AND m.example_id = c.example_id
ORDER BY c.system_id, c.metric;

-- What a system must not be judged on: examples that it was trained on (a training learns from its
-- train split and is chosen by its validation split), and those that stand in its prompt.
CREATE VIEW exposed_examples AS
SELECT s.system_id, m.example_id
FROM systems s
JOIN runs r ON r.run_id = s.run_id
JOIN version_examples m ON m.version_id = r.version_id
WHERE s.kind = 'tuned' AND m.split IN ('train', 'validation')
UNION
SELECT s.system_id, unnest(CAST(s.spec -> 'shots' AS VARCHAR[])) AS example_id
FROM systems s
WHERE json_type(s.spec, '$.shots') = 'ARRAY';

-- Why a lead compares systems that were not asked alike.
CREATE TABLE comparison_notes (
    note_id      VARCHAR PRIMARY KEY,
    project_id   VARCHAR NOT NULL,
    baseline_id  VARCHAR NOT NULL,
    candidate_id VARCHAR NOT NULL,
    differences  JSON NOT NULL,
    text         VARCHAR NOT NULL,
    actor_id     VARCHAR NOT NULL,
    created_at   TIMESTAMP NOT NULL
);

-- Results that a worker computed, by what they rest on.
CREATE TABLE computed_reports (
    report_id  VARCHAR PRIMARY KEY,
    stamp      VARCHAR NOT NULL,
    content    JSON NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Studies ---------------------------------------------------------------------------------------

CREATE TABLE studies (
    study_id    VARCHAR PRIMARY KEY,
    project_id  VARCHAR NOT NULL,
    version_id  VARCHAR NOT NULL,
    name        VARCHAR NOT NULL,
    rubric      JSON NOT NULL,
    plan        JSON NOT NULL,
    order_hash  VARCHAR NOT NULL,
    leaks       JSON NOT NULL,
    blind       BOOLEAN NOT NULL,
    differences JSON NOT NULL,
    actor_id    VARCHAR NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    closed_at   TIMESTAMP
);
INSERT INTO studies
    (study_id, project_id, version_id, name, rubric, plan, order_hash, leaks, blind, differences,
     actor_id, created_at, closed_at)
SELECT study_id, project_id, version_id, name, rubric, plan, order_hash, leaks, blind, '[]',
       actor_id, created_at, closed_at
FROM old_studies;

CREATE TABLE study_systems (
    study_id  VARCHAR NOT NULL,
    system_id VARCHAR NOT NULL,
    role      VARCHAR NOT NULL CHECK (role IN ('baseline', 'candidate')),
    number    INTEGER NOT NULL,
    PRIMARY KEY (study_id, system_id)
);
INSERT INTO study_systems (study_id, system_id, role, number)
SELECT study_id, baseline_id, 'baseline', 0 FROM old_studies
UNION ALL
SELECT study_id, candidate_id, 'candidate', 1 FROM old_studies;

-- An example with the answers of two systems, as raters see them: frozen with the study.
-- `places`: how many views are wanted; `filled`: how many of them are there; `judgements`: all.
CREATE TABLE pairs (
    pair_id               VARCHAR PRIMARY KEY,
    study_id              VARCHAR NOT NULL,
    example_id            VARCHAR NOT NULL,
    revision_id           VARCHAR NOT NULL,
    number                INTEGER NOT NULL,
    stratum               VARCHAR NOT NULL,
    inclusion_probability DOUBLE NOT NULL CHECK (inclusion_probability > 0),
    system_a              VARCHAR NOT NULL,
    system_b              VARCHAR NOT NULL,
    answer_a              VARCHAR NOT NULL,
    answer_b              VARCHAR NOT NULL,
    places                INTEGER NOT NULL,
    filled                INTEGER NOT NULL DEFAULT 0,
    judgements            INTEGER NOT NULL DEFAULT 0
);
INSERT INTO pairs
    (pair_id, study_id, example_id, revision_id, number, stratum, inclusion_probability, system_a,
     system_b, answer_a, answer_b, places, filled, judgements)
SELECT b.pair_id, b.study_id, b.example_id, coalesce(m.revision_id, ''), b.number, b.stratum,
       b.inclusion_probability, t.baseline_id, t.candidate_id,
       coalesce(trim(first.text, E' \t\r\n'), ''), coalesce(trim(second.text, E' \t\r\n'), ''),
       (SELECT count(*) FROM pair_places l WHERE l.pair_id = b.pair_id),
       (SELECT count(*) FROM pair_places l WHERE l.pair_id = b.pair_id AND l.done),
       (SELECT count(*) FROM old_judgements j WHERE j.pair_id = b.pair_id)
FROM blind_pairs b
JOIN old_studies t ON t.study_id = b.study_id
LEFT JOIN version_examples m ON m.version_id = t.version_id AND m.example_id = b.example_id
LEFT JOIN old_answers first
    ON first.system_id = t.baseline_id AND first.example_id = b.example_id
LEFT JOIN old_answers second
    ON second.system_id = t.candidate_id AND second.example_id = b.example_id
ORDER BY b.study_id, b.number;

-- One showing of a pair to one rater. A free one has no rater yet and no sides; one whose lease
-- ran out, or whose judgement was taken back, is `lapsed`, and another row takes its place.
CREATE TABLE presentations (
    presentation_id VARCHAR PRIMARY KEY,
    study_id        VARCHAR NOT NULL,
    pair_id         VARCHAR NOT NULL,
    position        INTEGER NOT NULL,
    place           INTEGER NOT NULL,
    occasion        INTEGER NOT NULL DEFAULT 1,
    phase           VARCHAR NOT NULL DEFAULT 'main',
    weight          DOUBLE NOT NULL DEFAULT 1,
    rater_id        VARCHAR,
    left_system_id  VARCHAR,
    right_system_id VARCHAR,
    lease_until     TIMESTAMP,
    done            BOOLEAN NOT NULL DEFAULT false,
    lapsed          BOOLEAN NOT NULL DEFAULT false
);
INSERT INTO presentations
    (presentation_id, study_id, pair_id, position, place, rater_id, left_system_id,
     right_system_id, lease_until, done)
SELECT 'pre_' || j.judgement_id, j.study_id, j.pair_id, 1000000 * j.place + b.number, j.place,
       j.rater_id,
       CASE WHEN j.baseline_left THEN t.baseline_id ELSE t.candidate_id END,
       CASE WHEN j.baseline_left THEN t.candidate_id ELSE t.baseline_id END,
       NULL, true
FROM old_judgements j
JOIN old_studies t ON t.study_id = j.study_id
JOIN blind_pairs b ON b.pair_id = j.pair_id
ORDER BY j.study_id, j.place, b.number;
INSERT INTO presentations
    (presentation_id, study_id, pair_id, position, place, rater_id, left_system_id,
     right_system_id, lease_until)
WITH slots AS (SELECT study_id, max(slot) + 1 AS n FROM pair_sides GROUP BY study_id)
SELECT 'pre_' || l.pair_id || '_' || l.place, l.study_id, l.pair_id, 1000000 * l.place + b.number,
       l.place,
       CASE WHEN s.pair_id IS NOT NULL THEN l.rater_id END,
       CASE WHEN s.baseline_left THEN t.baseline_id WHEN NOT s.baseline_left THEN t.candidate_id
       END,
       CASE WHEN s.baseline_left THEN t.candidate_id WHEN NOT s.baseline_left THEN t.baseline_id
       END,
       CASE WHEN s.pair_id IS NOT NULL THEN l.lease_until END
FROM pair_places l
JOIN old_studies t ON t.study_id = l.study_id
JOIN blind_pairs b ON b.pair_id = l.pair_id
LEFT JOIN old_study_raters r ON r.study_id = l.study_id AND r.rater_id = l.rater_id
LEFT JOIN slots ON slots.study_id = l.study_id
LEFT JOIN pair_sides s
    ON s.study_id = l.study_id AND s.pair_id = l.pair_id AND s.slot = r.slot % slots.n
WHERE NOT l.done
ORDER BY l.study_id, l.place, b.number;

-- What a rater took back keeps the showing that it was said of.
CREATE TABLE withdrawn_judgements (
    judgement_id    VARCHAR PRIMARY KEY,
    presentation_id VARCHAR NOT NULL,
    study_id        VARCHAR NOT NULL,
    pair_id         VARCHAR NOT NULL,
    rater_id        VARCHAR NOT NULL,
    judgement       JSON NOT NULL,
    ratings         JSON NOT NULL,
    created_at      TIMESTAMP NOT NULL
);
INSERT INTO presentations
    (presentation_id, study_id, pair_id, position, place, rater_id, left_system_id,
     right_system_id, lapsed)
SELECT 'pre_' || w.judgement_id, w.study_id, w.pair_id,
       1000000 * coalesce(CAST(w.judgement ->> 'place' AS INTEGER), 0) + b.number,
       coalesce(CAST(w.judgement ->> 'place' AS INTEGER), 0), w.rater_id,
       CASE WHEN CAST(w.judgement ->> 'baseline_left' AS BOOLEAN)
            THEN t.baseline_id ELSE t.candidate_id END,
       CASE WHEN CAST(w.judgement ->> 'baseline_left' AS BOOLEAN)
            THEN t.candidate_id ELSE t.baseline_id END,
       true
FROM old_withdrawn w
JOIN old_studies t ON t.study_id = w.study_id
JOIN blind_pairs b ON b.pair_id = w.pair_id;
INSERT INTO withdrawn_judgements
    (judgement_id, presentation_id, study_id, pair_id, rater_id, judgement, ratings, created_at)
SELECT w.judgement_id, 'pre_' || w.judgement_id, w.study_id, w.pair_id, w.rater_id,
       json_object(
           'choice', w.judgement -> 'choice',
           'outcome', CASE WHEN w.judgement ->> 'verdict' IN ('base', 'tuned')
                           THEN 'preferred' ELSE w.judgement ->> 'verdict' END,
           'preferred_system_id', CASE w.judgement ->> 'verdict'
                                      WHEN 'base' THEN t.baseline_id
                                      WHEN 'tuned' THEN t.candidate_id END,
           'flags', json_object(
               t.baseline_id, coalesce(w.judgement -> 'flags' -> 'base', '[]'),
               t.candidate_id, coalesce(w.judgement -> 'flags' -> 'tuned', '[]')
           ),
           'comment', w.judgement -> 'comment',
           'correction', w.judgement -> 'correction',
           'seconds', w.judgement -> 'seconds',
           'created_at', w.judgement -> 'created_at'
       ),
       coalesce(
           to_json(list_transform(
               from_json(
                   w.ratings,
                   '[{"system": "VARCHAR", "criterion": "VARCHAR", "value": "INTEGER", "remark": "VARCHAR"}]'
               ),
               lambda r: {
                   'system_id': CASE r.system WHEN 'base' THEN t.baseline_id
                                              WHEN 'tuned' THEN t.candidate_id END,
                   'criterion': r.criterion,
                   'value': r.value,
                   'remark': r.remark
               }
           )),
           '[]'
       ),
       w.created_at
FROM old_withdrawn w
JOIN old_studies t ON t.study_id = w.study_id;

-- What a rater has been shown, per stratum: the next side of their permuted blocks.
CREATE TABLE study_raters (
    study_id   VARCHAR NOT NULL,
    rater_id   VARCHAR NOT NULL,
    shown      JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (study_id, rater_id)
);
INSERT INTO study_raters (study_id, rater_id, shown, created_at)
SELECT r.study_id, r.rater_id,
       coalesce((SELECT json_group_object(c.stratum, c.n) FROM (
           SELECT p.study_id, p.rater_id, b.stratum, count(*) AS n
           FROM presentations p JOIN pairs b ON b.pair_id = p.pair_id
           WHERE p.rater_id IS NOT NULL
           GROUP BY p.study_id, p.rater_id, b.stratum
       ) c WHERE c.study_id = r.study_id AND c.rater_id = r.rater_id), '{}'),
       r.created_at
FROM old_study_raters r;

CREATE TABLE judgements (
    judgement_id        VARCHAR PRIMARY KEY,
    presentation_id     VARCHAR NOT NULL UNIQUE,
    study_id            VARCHAR NOT NULL,
    pair_id             VARCHAR NOT NULL,
    rater_id            VARCHAR NOT NULL,
    choice              VARCHAR NOT NULL
        CHECK (choice IN ('left', 'right', 'tie_good', 'tie_bad', 'cannot_judge')),
    outcome             VARCHAR NOT NULL
        CHECK (outcome IN ('preferred', 'tie_good', 'tie_bad', 'cannot_judge')),
    preferred_system_id VARCHAR,
    flags               JSON NOT NULL,
    comment             VARCHAR NOT NULL DEFAULT '',
    correction          VARCHAR NOT NULL DEFAULT '',
    seconds             DOUBLE NOT NULL,
    created_at          TIMESTAMP NOT NULL,
    CHECK ((outcome = 'preferred') = (preferred_system_id IS NOT NULL))
);
INSERT INTO judgements
    (judgement_id, presentation_id, study_id, pair_id, rater_id, choice, outcome,
     preferred_system_id, flags, comment, correction, seconds, created_at)
SELECT j.judgement_id, 'pre_' || j.judgement_id, j.study_id, j.pair_id, j.rater_id, j.choice,
       CASE WHEN j.verdict IN ('base', 'tuned') THEN 'preferred' ELSE j.verdict END,
       CASE j.verdict WHEN 'base' THEN t.baseline_id WHEN 'tuned' THEN t.candidate_id END,
       json_object(
           t.baseline_id, coalesce(j.flags -> 'base', '[]'),
           t.candidate_id, coalesce(j.flags -> 'tuned', '[]')
       ),
       j.comment, j.correction, j.seconds, j.created_at
FROM old_judgements j
JOIN old_studies t ON t.study_id = j.study_id
ORDER BY j.created_at;

CREATE TABLE ratings (
    judgement_id VARCHAR NOT NULL,
    system_id    VARCHAR NOT NULL,
    criterion    VARCHAR NOT NULL,
    value        INTEGER NOT NULL CHECK (value BETWEEN 1 AND 5),
    remark       VARCHAR NOT NULL DEFAULT '',
    PRIMARY KEY (judgement_id, system_id, criterion)
);
INSERT INTO ratings (judgement_id, system_id, criterion, value, remark)
SELECT r.judgement_id, CASE r.system WHEN 'base' THEN t.baseline_id ELSE t.candidate_id END,
       r.criterion, r.value, r.remark
FROM old_ratings r
JOIN old_judgements j ON j.judgement_id = r.judgement_id
JOIN old_studies t ON t.study_id = j.study_id;

-- Counters as deltas: two raters who save at once never write one row. Rows of rater '' are of
-- the study itself. `blocked`: open places of pairs that this rater has judged already.
CREATE TABLE study_counts (
    study_id   VARCHAR NOT NULL,
    rater_id   VARCHAR NOT NULL,
    pairs      INTEGER NOT NULL,
    places     INTEGER NOT NULL,
    filled     INTEGER NOT NULL,
    judged     INTEGER NOT NULL,
    judgements INTEGER NOT NULL,
    blocked    INTEGER NOT NULL
);
INSERT INTO study_counts
    (study_id, rater_id, pairs, places, filled, judged, judgements, blocked)
SELECT study_id, '', count(*), sum(places), sum(filled), count(*) FILTER (judgements > 0), 0, 0
FROM pairs GROUP BY study_id
UNION ALL
SELECT j.study_id, j.rater_id, 0, 0, 0, 0, count(*), sum(p.places - p.filled)
FROM judgements j JOIN pairs p ON p.pair_id = j.pair_id GROUP BY j.study_id, j.rater_id;

DROP TABLE old_systems;
DROP TABLE old_answers;
DROP TABLE old_scores;
DROP TABLE old_studies;
DROP TABLE old_judgements;
DROP TABLE old_ratings;
DROP TABLE old_study_raters;
DROP TABLE old_withdrawn;
DROP TABLE blind_pairs;
DROP TABLE pair_sides;
DROP TABLE pair_places;
