-- The tables as they are now. A new workspace is made with this file; an older one comes to the same
-- by the files of storage/migrations, and a test compares the two. Add a migration, and change this
-- file too.

-- Team --------------------------------------------------------------------------------------------

-- Accounts.
CREATE TABLE people (
    person_id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    name_key VARCHAR NOT NULL UNIQUE,
    password_hash VARCHAR NOT NULL,
    is_admin BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL DEFAULT false,
    created_at TIMESTAMP NOT NULL
);

-- Failed sign-ins by the hash of the name.
CREATE TABLE sign_in_attempts (
    name_hash VARCHAR PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_failure TIMESTAMP NOT NULL,
    locked_until TIMESTAMP
);

CREATE TABLE sessions (
    token_hash VARCHAR PRIMARY KEY,
    person_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    project_id VARCHAR,
    revoked_at TIMESTAMP
);

-- The link that makes the first account.
CREATE TABLE setup_links (
    token_hash VARCHAR PRIMARY KEY,
    created_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);

-- Settings: core.projects.ProjectSettings as JSON.
CREATE TABLE projects (
    project_id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL UNIQUE,
    settings JSON NOT NULL,
    is_demo BOOLEAN NOT NULL DEFAULT false,
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);

-- One row a role.
CREATE TABLE memberships (
    project_id VARCHAR,
    person_id VARCHAR,
    role VARCHAR,
    CHECK (role IN ('annotator', 'reviewer', 'lead', 'viewer')),
    PRIMARY KEY (project_id, person_id, role)
);

-- Links that make an account with a role.
CREATE TABLE invitations (
    invitation_id VARCHAR PRIMARY KEY,
    token_hash VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    invited_by VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    person_id VARCHAR,
    revoked_at TIMESTAMP,
    CHECK (role IN ('annotator', 'reviewer', 'lead', 'viewer'))
);

-- What is typed in a form and not saved yet.
CREATE TABLE drafts (
    person_id VARCHAR,
    form VARCHAR,
    content JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, form)
);

-- Gold examples: accepted ones that a lead marked, mixed into the annotate queue to measure people.
-- Their answers stand apart from revisions and annotations: nothing of an example changes by them.
CREATE TABLE gold_examples (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Gold marks that were set and taken away; a batch is one action.
CREATE TABLE gold_marks (
    batch_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    gold BOOLEAN NOT NULL,
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

-- Which version of a project's guidelines each person has opened; versions count in the audit log.
CREATE TABLE guidelines_read (
    project_id VARCHAR,
    person_id VARCHAR,
    number INTEGER,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, person_id, number)
);

-- Who did what to what, written in the transaction that did it.
CREATE TABLE audit_events (
    event_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    actor_id VARCHAR NOT NULL,
    project_id VARCHAR,
    action VARCHAR NOT NULL,
    subject_kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    detail JSON NOT NULL
);

-- Jobs --------------------------------------------------------------------------------------------

-- A row a folder under jobs/ or runs/.
CREATE TABLE jobs (
    job_id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL UNIQUE,
    title VARCHAR NOT NULL,
    folder VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    launcher VARCHAR NOT NULL DEFAULT 'local',
    status VARCHAR NOT NULL,
    step BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    error JSON,
    detail JSON NOT NULL DEFAULT '{}',
    event_offset BIGINT NOT NULL DEFAULT 0,
    taken_in BOOLEAN NOT NULL DEFAULT false,
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    heartbeat_at TIMESTAMP,
    queue_order BIGINT DEFAULT 0,
    CHECK (device IN ('accelerator', 'light'))
);

-- Progress, notes and metrics, in the order of the worker.
CREATE TABLE job_events (
    job_id VARCHAR,
    seq BIGINT,
    created_at TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    payload JSON NOT NULL,
    PRIMARY KEY (job_id, seq)
);

-- Examples ----------------------------------------------------------------------------------------

-- Next_row: the first row that is not in yet; NULL when the import is whole.
CREATE TABLE imports (
    import_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    accepted BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP,
    next_row BIGINT,
    entered_as VARCHAR DEFAULT 'new',
    label_problems BIGINT DEFAULT 0,
    warnings JSON DEFAULT '[]'
);

-- What stayed out of a file, and why.
CREATE TABLE import_rejects (
    import_id VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    excerpt VARCHAR NOT NULL,
    kind VARCHAR DEFAULT 'record'
);

-- What a lead knows of an import's file.
CREATE TABLE import_sources (
    import_id VARCHAR PRIMARY KEY,
    licence VARCHAR NOT NULL,
    legal_basis VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Where an example came from; its texts are in its revisions.
CREATE TABLE examples (
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    content_hash VARCHAR NOT NULL,
    external_id VARCHAR,
    import_id VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    meta JSON NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Each saved state of an example; texts are stored uncompressed, which writes five times faster.
-- Batch_id: the bulk action that made it, among others.
CREATE TABLE revisions (
    revision_id VARCHAR PRIMARY KEY,
    example_id VARCHAR NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    number INTEGER NOT NULL,
    based_on VARCHAR,
    instruction VARCHAR NOT NULL USING COMPRESSION uncompressed,
    input VARCHAR NOT NULL USING COMPRESSION uncompressed,
    output VARCHAR NOT NULL USING COMPRESSION uncompressed,
    labels JSON NOT NULL,
    quality INTEGER,
    origin VARCHAR NOT NULL,
    comment VARCHAR NOT NULL DEFAULT '',
    author_id VARCHAR NOT NULL,
    seconds DOUBLE,
    created_at TIMESTAMP NOT NULL,
    batch_id VARCHAR,
    CHECK (quality BETWEEN 1 AND 5)
);

-- The last revision and the state of each example, in the order of the queues. Annotations: how many
-- people have annotated it, where several do. Assigned_to: a person, a group, or '' for the open queue.
-- Critical: two reviewers must accept it. Accepts: how many have, of a revision that waits for others.
CREATE TABLE example_current (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    revision_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    instruction VARCHAR NOT NULL USING COMPRESSION uncompressed,
    input VARCHAR NOT NULL USING COMPRESSION uncompressed,
    output VARCHAR NOT NULL USING COMPRESSION uncompressed,
    labels JSON NOT NULL,
    quality INTEGER,
    author_id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    flagged BOOLEAN NOT NULL DEFAULT false,
    updated_at TIMESTAMP NOT NULL,
    annotations INTEGER DEFAULT 0,
    assigned_to VARCHAR DEFAULT '',
    critical BOOLEAN DEFAULT false,
    accepts INTEGER DEFAULT 0,
    CHECK (state IN ('new', 'annotated', 'sent_back', 'accepted', 'set_aside'))
);

-- What each of several people wrote of an example, by the id of the submission; somebody's newest
-- counts. Based_on: the revision that they were shown; those of one revision belong together.
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

-- How far the annotators of an example differ, core.examples.disagreement; a row where they do.
CREATE TABLE disagreements (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    disagreement DOUBLE NOT NULL,
    CHECK (disagreement > 0 AND disagreement <= 1)
);

CREATE TABLE reviews (
    review_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    revision_id VARCHAR NOT NULL,
    decision VARCHAR NOT NULL,
    state_before VARCHAR NOT NULL,
    batch_id VARCHAR,
    comment VARCHAR NOT NULL DEFAULT '',
    reviewer_id VARCHAR NOT NULL,
    seconds DOUBLE,
    created_at TIMESTAMP NOT NULL,
    annotation_id VARCHAR
);

-- Who has accepted the present revision of an example that waits for other reviewers; the log is
-- `reviews`.
CREATE TABLE acceptances (
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    person_id VARCHAR NOT NULL
);

-- Set aside, reopened, flagged, ….
CREATE TABLE example_events (
    event_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    kind VARCHAR NOT NULL,
    reason VARCHAR NOT NULL DEFAULT '',
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- What people say about an example, whom it mentions, and who has opened it; they only grow.
CREATE TABLE example_comments (
    comment_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    author_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE comment_mentions (
    comment_id VARCHAR,
    person_id VARCHAR,
    project_id VARCHAR NOT NULL,
    PRIMARY KEY (comment_id, person_id)
);
CREATE TABLE comment_reads (
    comment_id VARCHAR,
    person_id VARCHAR,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (comment_id, person_id)
);

-- Each is saved once, however often it is sent.
CREATE TABLE submissions (
    submission_id VARCHAR PRIMARY KEY,
    example_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- The last position that is taken.
CREATE TABLE project_intake (
    project_id VARCHAR PRIMARY KEY,
    last_position BIGINT NOT NULL
);

-- Who works on an example now.
CREATE TABLE example_leases (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    queue VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    assigned_to VARCHAR DEFAULT ''
);

CREATE TABLE example_skips (
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    queue VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- How many examples of a block of positions are in each state: sums of changes.
CREATE TABLE example_counts (
    project_id VARCHAR NOT NULL,
    block BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    flagged BOOLEAN NOT NULL,
    author_id VARCHAR NOT NULL,
    n BIGINT NOT NULL,
    assigned_to VARCHAR DEFAULT ''
);

-- What `example_counts` counts, asked of the examples themselves: for many at once, and for tests.
CREATE VIEW example_tallies AS
SELECT example_id, project_id, position // 8192 AS block, state, flagged,
       CASE WHEN flagged OR state IN ('annotated', 'sent_back') THEN author_id ELSE '' END
           AS author_id,
       assigned_to
FROM example_current;

-- Who was given which examples; a batch is one action.
CREATE TABLE assignments (
    batch_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    assigned_before VARCHAR NOT NULL,
    assigned_to VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- People of a project whom examples can be assigned to together.
CREATE TABLE groups (
    group_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);

CREATE TABLE group_members (
    group_id VARCHAR,
    person_id VARCHAR,
    PRIMARY KEY (group_id, person_id)
);

-- How many examples a person may annotate in 24 hours and altogether; NULL: any number.
CREATE TABLE quotas (
    project_id VARCHAR,
    person_id VARCHAR,
    per_day INTEGER,
    total INTEGER,
    CHECK (per_day > 0),
    CHECK (total > 0),
    PRIMARY KEY (project_id, person_id)
);

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

-- Negatives: worse answers to the question of an accepted example, of which revision, by which rule
-- ('model': by a model; cut: at the longest allowed). Other_id: the example whose answer it is, or ''.
-- Masked_at: when personal data in its own text were masked; it is in no preference pair since.
CREATE TABLE negatives (
    negative_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    augmentation_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    source_revision_id VARCHAR NOT NULL,
    output VARCHAR NOT NULL,
    cut BOOLEAN NOT NULL,
    rule VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    seed BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    actor_id VARCHAR,
    decided_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    masked_at TIMESTAMP,
    CHECK (state IN ('waiting', 'confirmed', 'refused'))
);

-- Checks ------------------------------------------------------------------------------------------

-- What a lead chose for the next check: core.checks.settings.CheckSettings as JSON.
CREATE TABLE check_settings (
    project_id VARCHAR PRIMARY KEY,
    settings JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- One row a check. Created_at: when it looked; what changed later is checked again.
CREATE TABLE checks (
    check_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    settings JSON NOT NULL,
    finding_settings JSON NOT NULL,
    examples BIGINT NOT NULL,
    result JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Which revision of each example was checked, and what the checks of the whole set need of it. The
-- rows of this table and the next two are those of the project's newest check.
CREATE TABLE checked_examples (
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    length BIGINT NOT NULL,
    question BIGINT NOT NULL,
    answer BIGINT NOT NULL,
    label VARCHAR NOT NULL,
    gender BIGINT NOT NULL,
    topic INTEGER,
    x DOUBLE,
    y DOUBLE,
    position BIGINT
);

-- Remarks on a revision; shown while it is the example's present.
CREATE TABLE example_findings (
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    start_at INTEGER,
    end_at INTEGER,
    explanation VARCHAR NOT NULL,
    mend VARCHAR,
    position BIGINT,
    CHECK (severity IN ('high', 'medium', 'low'))
);

-- Groups of duplicates and of template siblings, the representative at rank 0. Compared: the fields
-- (core.checks.fields); text_hash: their texts then, hashed as storage/duplicates.py does.
-- A member counts while its texts are still these.
CREATE TABLE duplicate_members (
    project_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    example_id VARCHAR NOT NULL,
    compared VARCHAR NOT NULL,
    text_hash VARCHAR NOT NULL,
    CHECK (kind IN ('exact', 'near', 'siblings'))
);

-- Groups that a lead looked at and keeps whole: no later check shows them again.
CREATE TABLE kept_duplicates (
    project_id VARCHAR NOT NULL,
    group_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    batch_id VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Versions ----------------------------------------------------------------------------------------

CREATE TABLE dataset_versions (
    version_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    evaluation_only BOOLEAN NOT NULL,
    content_hash VARCHAR NOT NULL,
    seed BIGINT NOT NULL,
    ratios JSON NOT NULL,
    counts JSON NOT NULL,
    groups BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    left_out BIGINT NOT NULL,
    largest JSON NOT NULL,
    warnings JSON NOT NULL,
    notes VARCHAR NOT NULL DEFAULT '',
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (project_id, number)
);

CREATE TABLE version_examples (
    version_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    group_id VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    CHECK (split IN ('train', 'validation', 'test'))
);

-- Accepted examples that are not in a version, and why: the example, or the protected text (its
-- file, line and beginning), that each is near.
CREATE TABLE version_left_out (
    version_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    near_id VARCHAR,
    near_file VARCHAR,
    near_text VARCHAR
);

-- Files that no version may train on. The texts of one that was removed are gone, its row stays.
CREATE TABLE protected_files (
    file_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    texts BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP
);

CREATE TABLE protected_texts (
    file_id VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    instruction VARCHAR NOT NULL,
    input VARCHAR NOT NULL
);

-- Which of them a version heeded, and how many examples each kept out of train and validation.
CREATE TABLE version_protected (
    version_id VARCHAR NOT NULL,
    file_id VARCHAR NOT NULL,
    left_out BIGINT NOT NULL
);

-- What the worker that froze a version saw in it: languages.
CREATE TABLE version_facts (
    version_id VARCHAR PRIMARY KEY,
    content JSON NOT NULL
);

-- The split an example was given once and keeps.
CREATE TABLE example_splits (
    example_id VARCHAR NOT NULL,
    project_id VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    group_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CHECK (split IN ('train', 'validation', 'test'))
);

-- Systems and answers -----------------------------------------------------------------------------

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    spec JSON NOT NULL,
    metrics JSON,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- A model, a prompt and a decoding.
CREATE TABLE systems (
    system_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    run_id VARCHAR,
    spec JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP,
    CHECK (kind IN ('base', 'prompted', 'tuned', 'imported'))
);

CREATE TABLE generations (
    generation_id VARCHAR PRIMARY KEY,
    system_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    job_id VARCHAR,
    spec JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    summary JSON,
    CHECK (split IN ('train', 'validation', 'test', 'all'))
);

-- A system's answer to one revision of an example. Confidence: the mean natural log-probability of its
-- tokens, NULL where it is not known.
CREATE TABLE answers (
    system_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    generation_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    cut VARCHAR NOT NULL DEFAULT '',
    prompt_tokens INTEGER,
    new_tokens INTEGER,
    seconds DOUBLE,
    finish VARCHAR NOT NULL,
    confidence DOUBLE
);

-- How likely a system finds the reference of an example: the logarithm of its perplexity.
CREATE TABLE reference_losses (
    system_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    generation_id VARCHAR NOT NULL,
    loss DOUBLE NOT NULL
);

-- How many answers a system has to a split of a version.
CREATE TABLE system_coverage (
    system_id VARCHAR,
    version_id VARCHAR,
    split VARCHAR,
    generation_id VARCHAR,
    answers INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    capped INTEGER NOT NULL,
    PRIMARY KEY (system_id, version_id, split, generation_id)
);

-- A system's scores on a version under one set of settings.
CREATE TABLE scorings (
    scoring_id VARCHAR PRIMARY KEY,
    system_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    settings JSON NOT NULL,
    settings_hash VARCHAR NOT NULL,
    summary JSON NOT NULL,
    job_id VARCHAR,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE scores (
    scoring_id VARCHAR NOT NULL,
    system_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    value DOUBLE NOT NULL
);

-- Why answers that differ in a setting were compared.
CREATE TABLE comparison_notes (
    note_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    baseline_id VARCHAR NOT NULL,
    candidate_id VARCHAR NOT NULL,
    differences JSON NOT NULL,
    text VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Results of workers, current while their stamp is.
CREATE TABLE computed_reports (
    report_id VARCHAR PRIMARY KEY,
    stamp VARCHAR NOT NULL,
    content JSON NOT NULL,
    created_at TIMESTAMP NOT NULL
);

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

-- Whether a base model has seen a version's examples: one row a check, and what it shows of each.
CREATE TABLE contamination_checks (
    check_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    model_hash VARCHAR NOT NULL,
    controls_version_id VARCHAR,
    result JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE contamination_probes (
    check_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    completion DOUBLE,
    min_k DOUBLE NOT NULL,
    perplexity DOUBLE,
    suspect BOOLEAN NOT NULL
);

-- Examples that the base model of a system may have seen.
CREATE VIEW suspect_examples AS
SELECT DISTINCT s.system_id, k.version_id, p.example_id
FROM systems s
JOIN contamination_checks k
  ON k.project_id = s.project_id AND k.model_hash = s.spec ->> '$.base_model_hash'
JOIN contamination_probes p ON p.check_id = k.check_id
WHERE p.suspect;

-- Studies -----------------------------------------------------------------------------------------

CREATE TABLE studies (
    study_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    rubric JSON NOT NULL,
    plan JSON NOT NULL,
    seal VARCHAR NOT NULL,
    leaks JSON NOT NULL,
    blind BOOLEAN NOT NULL,
    differences JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP
);

CREATE TABLE study_systems (
    study_id VARCHAR,
    system_id VARCHAR,
    role VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    CHECK (role IN ('baseline', 'candidate')),
    PRIMARY KEY (study_id, system_id)
);

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

-- Two answers to one example. By which extension it came (0: the opening draw), and what it is in
-- the sample since then, where that differs from how it was drawn. Risk_reasons: why its output is
-- among the riskiest, names of core.study.risk.SIGNALS; NULL where it is not.
CREATE TABLE pairs (
    pair_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    stratum VARCHAR NOT NULL,
    inclusion_probability DOUBLE NOT NULL,
    system_a VARCHAR NOT NULL,
    system_b VARCHAR NOT NULL,
    answer_a VARCHAR NOT NULL,
    answer_b VARCHAR NOT NULL,
    places INTEGER NOT NULL,
    filled INTEGER NOT NULL DEFAULT 0,
    judgements INTEGER NOT NULL DEFAULT 0,
    extension INTEGER DEFAULT 0,
    sample_stratum VARCHAR,
    sample_probability DOUBLE,
    sampled_at TIMESTAMP,
    risk_reasons JSON,
    CHECK (inclusion_probability > 0)
);

-- One showing of a pair to one rater.
CREATE TABLE presentations (
    presentation_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    pair_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    place INTEGER NOT NULL,
    occasion INTEGER NOT NULL DEFAULT 1,
    phase VARCHAR NOT NULL DEFAULT 'main',
    weight DOUBLE NOT NULL DEFAULT 1,
    rater_id VARCHAR,
    left_system_id VARCHAR,
    right_system_id VARCHAR,
    lease_until TIMESTAMP,
    done BOOLEAN NOT NULL DEFAULT false,
    lapsed BOOLEAN NOT NULL DEFAULT false
);

-- Spans: the words of both answers that a rater marked, system id -> [{kind, start, end}] in code
-- points.
CREATE TABLE judgements (
    judgement_id VARCHAR PRIMARY KEY,
    presentation_id VARCHAR NOT NULL UNIQUE,
    study_id VARCHAR NOT NULL,
    pair_id VARCHAR NOT NULL,
    rater_id VARCHAR NOT NULL,
    choice VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    preferred_system_id VARCHAR,
    flags JSON NOT NULL,
    comment VARCHAR NOT NULL DEFAULT '',
    correction VARCHAR NOT NULL DEFAULT '',
    seconds DOUBLE NOT NULL,
    created_at TIMESTAMP NOT NULL,
    spans JSON DEFAULT '{}',
    CHECK (choice IN ('left', 'right', 'tie_good', 'tie_bad', 'cannot_judge')),
    CHECK (outcome IN ('preferred', 'tie_good', 'tie_bad', 'cannot_judge')),
    CHECK ((outcome = 'preferred') = (preferred_system_id IS NOT NULL))
);

CREATE TABLE ratings (
    judgement_id VARCHAR,
    system_id VARCHAR,
    criterion VARCHAR,
    value INTEGER NOT NULL,
    remark VARCHAR NOT NULL DEFAULT '',
    CHECK (value BETWEEN 1 AND 5),
    PRIMARY KEY (judgement_id, system_id, criterion)
);

-- Judgements as they were when their rater took them back.
CREATE TABLE withdrawn_judgements (
    judgement_id VARCHAR PRIMARY KEY,
    presentation_id VARCHAR NOT NULL,
    study_id VARCHAR NOT NULL,
    pair_id VARCHAR NOT NULL,
    rater_id VARCHAR NOT NULL,
    judgement JSON NOT NULL,
    ratings JSON NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE study_raters (
    study_id VARCHAR,
    rater_id VARCHAR,
    shown JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (study_id, rater_id)
);

CREATE TABLE study_notes (
    note_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

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

-- How far a study is, and each rater in it: sums of changes. Gold pairs are counted apart.
CREATE TABLE study_counts (
    study_id VARCHAR NOT NULL,
    rater_id VARCHAR NOT NULL,
    pairs INTEGER NOT NULL,
    places INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    judged INTEGER NOT NULL,
    judgements INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    repeats INTEGER DEFAULT 0,
    reviewed INTEGER NOT NULL DEFAULT 0,
    gold BOOLEAN DEFAULT false
);

-- Decisions ---------------------------------------------------------------------------------------

-- The thresholds of a study's release gate, the newest counts; how many judgements there were then.
CREATE TABLE gate_plans (
    plan_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    content JSON NOT NULL,
    judgements INTEGER NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- What a lead signed of a candidate, with the report as it stood then.
CREATE TABLE decisions (
    decision_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    candidate_id VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    report VARCHAR NOT NULL,
    report_hash VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CHECK (outcome IN ('release', 'hold'))
);

-- What an hour costs in a project.
CREATE TABLE project_rates (
    project_id VARCHAR PRIMARY KEY,
    content JSON NOT NULL
);
