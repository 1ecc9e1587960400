CREATE TABLE gate_plans (
    plan_id VARCHAR PRIMARY KEY,
    study_id VARCHAR NOT NULL,
    content JSON NOT NULL,
    judgements INTEGER NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

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

CREATE TABLE project_rates (
    project_id VARCHAR PRIMARY KEY,
    content JSON NOT NULL
);
