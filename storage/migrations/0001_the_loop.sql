-- People, sign-in and roles.
CREATE TABLE people (
    person_id       VARCHAR PRIMARY KEY,
    name            VARCHAR NOT NULL,
    name_key        VARCHAR NOT NULL UNIQUE,
    password_hash   VARCHAR NOT NULL,
    is_admin        BOOLEAN NOT NULL,
    disabled        BOOLEAN NOT NULL DEFAULT false,
    created_at      TIMESTAMP NOT NULL
);
-- Failures per name, of people or of nobody: a lock-out must not tell which names exist.
CREATE TABLE sign_in_attempts (
    name_hash    VARCHAR PRIMARY KEY,
    failures     INTEGER NOT NULL,
    last_failure TIMESTAMP NOT NULL,
    locked_until TIMESTAMP
);
CREATE TABLE sessions (
    token_hash VARCHAR PRIMARY KEY,
    person_id  VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    project_id VARCHAR,
    revoked_at TIMESTAMP
);
CREATE TABLE setup_links (
    token_hash VARCHAR PRIMARY KEY,
    created_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE TABLE memberships (
    project_id VARCHAR NOT NULL,
    person_id  VARCHAR NOT NULL,
    role       VARCHAR NOT NULL CHECK (role IN ('annotator', 'reviewer', 'lead')),
    PRIMARY KEY (project_id, person_id, role)
);
-- The log of what happened to accounts and roles.
CREATE TABLE account_events (
    event_id   VARCHAR PRIMARY KEY,
    person_id  VARCHAR NOT NULL,
    project_id VARCHAR,
    kind       VARCHAR NOT NULL,
    detail     VARCHAR NOT NULL DEFAULT '',
    actor_id   VARCHAR NOT NULL,
    created_at         TIMESTAMP NOT NULL
);

-- Projects: the present, and every change of their settings.
CREATE TABLE projects (
    project_id   VARCHAR PRIMARY KEY,
    name         VARCHAR NOT NULL UNIQUE,
    settings     JSON NOT NULL,
    is_demo      BOOLEAN NOT NULL DEFAULT false,
    created_by   VARCHAR NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    deleted_at   TIMESTAMP
);
CREATE TABLE project_changes (
    change_id  VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    kind       VARCHAR NOT NULL,
    settings   JSON NOT NULL,
    actor_id   VARCHAR NOT NULL,
    created_at         TIMESTAMP NOT NULL
);

-- Jobs: everything that takes over a second.
CREATE TABLE jobs (
    job_id        VARCHAR PRIMARY KEY,
    kind          VARCHAR NOT NULL
        CHECK (kind IN ('import', 'check', 'train', 'generate', 'score', 'export')),
    project_id    VARCHAR NOT NULL,
    subject_id    VARCHAR NOT NULL,
    title         VARCHAR NOT NULL,
    folder        VARCHAR NOT NULL,
    device        VARCHAR NOT NULL CHECK (device IN ('accelerator', 'light')),
    status        VARCHAR NOT NULL,
    step          BIGINT NOT NULL DEFAULT 0,
    total         BIGINT NOT NULL DEFAULT 0,
    error         JSON,
    detail        JSON NOT NULL DEFAULT '{}',
    event_offset  BIGINT NOT NULL DEFAULT 0,
    ingested      BOOLEAN NOT NULL DEFAULT false,
    created_by    VARCHAR NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    started_at    TIMESTAMP,
    ended_at      TIMESTAMP
);
CREATE TABLE job_events (
    job_id  VARCHAR NOT NULL,
    seq     BIGINT NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    kind    VARCHAR NOT NULL,
    payload JSON NOT NULL,
    PRIMARY KEY (job_id, seq)
);

-- Examples: imports, the log of revisions, reviews and events, and the present beside it.
CREATE TABLE imports (
    import_id  VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    file_name  VARCHAR NOT NULL,
    accepted   BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    rejected   BIGINT NOT NULL,
    actor_id   VARCHAR NOT NULL,
    created_at         TIMESTAMP NOT NULL
);
CREATE TABLE import_rejects (
    import_id VARCHAR NOT NULL,
    line      BIGINT NOT NULL,
    reason    VARCHAR NOT NULL,
    excerpt   VARCHAR NOT NULL
);
CREATE TABLE examples (
    example_id   VARCHAR PRIMARY KEY,
    project_id   VARCHAR NOT NULL,
    content_hash VARCHAR NOT NULL,
    external_id  VARCHAR,
    import_id    VARCHAR NOT NULL,
    line         BIGINT NOT NULL,
    meta         JSON NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    UNIQUE (project_id, content_hash)
);
CREATE TABLE revisions (
    revision_id VARCHAR PRIMARY KEY,
    example_id  VARCHAR NOT NULL,
    number      INTEGER NOT NULL,
    based_on    VARCHAR,
    instruction VARCHAR NOT NULL,
    input       VARCHAR NOT NULL,
    output      VARCHAR NOT NULL,
    labels      JSON NOT NULL,
    quality     INTEGER CHECK (quality BETWEEN 1 AND 5),
    origin      VARCHAR NOT NULL CHECK (origin IN ('import', 'annotate', 'review')),
    comment     VARCHAR NOT NULL DEFAULT '',
    author_id   VARCHAR NOT NULL,
    seconds     DOUBLE,
    created_at          TIMESTAMP NOT NULL,
    UNIQUE (example_id, number)
);
CREATE TABLE reviews (
    review_id    VARCHAR PRIMARY KEY,
    example_id   VARCHAR NOT NULL,
    revision_id  VARCHAR NOT NULL,
    decision     VARCHAR NOT NULL CHECK (decision IN ('accept', 'send_back', 'set_aside', 'undo')),
    state_before VARCHAR NOT NULL,
    batch_id     VARCHAR,
    comment      VARCHAR NOT NULL DEFAULT '',
    reviewer_id  VARCHAR NOT NULL,
    seconds      DOUBLE,
    created_at           TIMESTAMP NOT NULL
);
CREATE TABLE example_events (
    event_id   VARCHAR PRIMARY KEY,
    example_id VARCHAR NOT NULL,
    kind       VARCHAR NOT NULL CHECK (kind IN ('skip', 'flag', 'unflag')),
    reason     VARCHAR NOT NULL DEFAULT '',
    actor_id   VARCHAR NOT NULL,
    created_at         TIMESTAMP NOT NULL
);
CREATE TABLE example_current (
    example_id  VARCHAR PRIMARY KEY,
    project_id  VARCHAR NOT NULL,
    position    BIGINT NOT NULL,
    revision_id VARCHAR NOT NULL,
    number      INTEGER NOT NULL,
    instruction VARCHAR NOT NULL,
    input       VARCHAR NOT NULL,
    output      VARCHAR NOT NULL,
    labels      JSON NOT NULL,
    quality     INTEGER,
    author_id   VARCHAR NOT NULL,
    state       VARCHAR NOT NULL
        CHECK (state IN ('new', 'annotated', 'sent_back', 'accepted', 'set_aside')),
    flagged     BOOLEAN NOT NULL DEFAULT false,
    updated_at  TIMESTAMP NOT NULL
);
-- A lease is taken by compare-and-set; one row per example, narrow, so that taking it is cheap.
CREATE TABLE example_leases (
    example_id  VARCHAR PRIMARY KEY,
    holder_id   VARCHAR,
    lease_until TIMESTAMP NOT NULL
);

-- Dataset versions: immutable.
CREATE TABLE dataset_versions (
    version_id   VARCHAR PRIMARY KEY,
    project_id   VARCHAR NOT NULL,
    number       INTEGER NOT NULL,
    name         VARCHAR NOT NULL,
    content_hash VARCHAR NOT NULL,
    seed         BIGINT NOT NULL,
    ratios       JSON NOT NULL,
    counts       JSON NOT NULL,
    warnings     JSON NOT NULL,
    notes        VARCHAR NOT NULL DEFAULT '',
    actor_id     VARCHAR NOT NULL,
    created_at           TIMESTAMP NOT NULL,
    UNIQUE (project_id, number)
);
CREATE TABLE version_examples (
    version_id  VARCHAR NOT NULL,
    example_id  VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    split       VARCHAR NOT NULL CHECK (split IN ('train', 'validation', 'test')),
    group_id    VARCHAR NOT NULL,
    position    BIGINT NOT NULL,
    PRIMARY KEY (version_id, example_id)
);

-- Runs; their status is that of their job.
CREATE TABLE runs (
    run_id     VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    job_id     VARCHAR NOT NULL,
    name       VARCHAR NOT NULL,
    spec       JSON NOT NULL,
    metrics    JSON,
    actor_id   VARCHAR NOT NULL,
    created_at         TIMESTAMP NOT NULL
);

-- Systems, what they answered, how the answers scored.
CREATE TABLE systems (
    system_id  VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    split      VARCHAR NOT NULL CHECK (split IN ('train', 'validation', 'test', 'all')),
    kind       VARCHAR NOT NULL CHECK (kind IN ('base', 'prompted', 'tuned', 'imported')),
    name       VARCHAR NOT NULL,
    run_id     VARCHAR,
    job_id     VARCHAR,
    config     JSON NOT NULL,
    summary    JSON,
    actor_id   VARCHAR NOT NULL,
    created_at         TIMESTAMP NOT NULL
);
CREATE TABLE generations (
    system_id     VARCHAR NOT NULL,
    example_id    VARCHAR NOT NULL,
    text          VARCHAR NOT NULL,
    prompt_tokens INTEGER,
    new_tokens    INTEGER,
    seconds       DOUBLE,
    finish        VARCHAR NOT NULL,
    PRIMARY KEY (system_id, example_id)
);
CREATE TABLE scores (
    system_id  VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    metric     VARCHAR NOT NULL,
    value      DOUBLE NOT NULL,
    PRIMARY KEY (system_id, example_id, metric)
);

-- Studies: the plan, the pairs drawn, the sides fixed before anyone rates, the judgements.
CREATE TABLE studies (
    study_id     VARCHAR PRIMARY KEY,
    project_id   VARCHAR NOT NULL,
    version_id   VARCHAR NOT NULL,
    name         VARCHAR NOT NULL,
    baseline_id  VARCHAR NOT NULL,
    candidate_id VARCHAR NOT NULL,
    rubric       JSON NOT NULL,
    plan         JSON NOT NULL,
    order_hash   VARCHAR NOT NULL,
    leaks        JSON NOT NULL,
    blind        BOOLEAN NOT NULL,
    actor_id     VARCHAR NOT NULL,
    created_at           TIMESTAMP NOT NULL,
    closed_at    TIMESTAMP
);
CREATE TABLE study_notes (
    note_id  VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    kind     VARCHAR NOT NULL CHECK (kind IN ('counts_although_not_blind', 'closed', 'reopened')),
    text     VARCHAR NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at       TIMESTAMP NOT NULL
);
CREATE TABLE blind_pairs (
    pair_id               VARCHAR PRIMARY KEY,
    study_id              VARCHAR NOT NULL,
    example_id            VARCHAR NOT NULL,
    number                INTEGER NOT NULL,
    stratum               VARCHAR NOT NULL,
    inclusion_probability DOUBLE NOT NULL CHECK (inclusion_probability > 0),
    UNIQUE (study_id, example_id)
);
-- Where a pair stands for the n-th rater of a study, and whether the baseline is on the left.
CREATE TABLE pair_sides (
    study_id      VARCHAR NOT NULL,
    slot          INTEGER NOT NULL,
    pair_id       VARCHAR NOT NULL,
    position      INTEGER NOT NULL,
    baseline_left BOOLEAN NOT NULL,
    PRIMARY KEY (study_id, slot, pair_id)
);
CREATE TABLE study_raters (
    study_id VARCHAR NOT NULL,
    rater_id VARCHAR NOT NULL,
    slot     INTEGER NOT NULL,
    created_at       TIMESTAMP NOT NULL,
    PRIMARY KEY (study_id, rater_id),
    UNIQUE (study_id, slot)
);
-- One place to be filled by one rater; pairs that overlap have several.
CREATE TABLE pair_places (
    pair_id     VARCHAR NOT NULL,
    place       INTEGER NOT NULL,
    study_id    VARCHAR NOT NULL,
    rater_id    VARCHAR,
    lease_until TIMESTAMP NOT NULL,
    done        BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (pair_id, place)
);
CREATE TABLE judgements (
    judgement_id  VARCHAR PRIMARY KEY,
    study_id      VARCHAR NOT NULL,
    pair_id       VARCHAR NOT NULL,
    place         INTEGER NOT NULL,
    rater_id      VARCHAR NOT NULL,
    choice        VARCHAR NOT NULL
        CHECK (choice IN ('left', 'right', 'tie_good', 'tie_bad', 'cannot_judge')),
    verdict       VARCHAR NOT NULL
        CHECK (verdict IN ('base', 'tuned', 'tie_good', 'tie_bad', 'cannot_judge')),
    baseline_left BOOLEAN NOT NULL,
    flags         JSON NOT NULL,
    comment       VARCHAR NOT NULL DEFAULT '',
    correction    VARCHAR NOT NULL DEFAULT '',
    seconds       DOUBLE NOT NULL,
    created_at            TIMESTAMP NOT NULL,
    UNIQUE (pair_id, rater_id)
);
CREATE TABLE ratings (
    judgement_id VARCHAR NOT NULL,
    system       VARCHAR NOT NULL CHECK (system IN ('base', 'tuned')),
    criterion    VARCHAR NOT NULL,
    value        INTEGER NOT NULL CHECK (value BETWEEN 1 AND 5),
    remark       VARCHAR NOT NULL DEFAULT '',
    PRIMARY KEY (judgement_id, system, criterion)
);
