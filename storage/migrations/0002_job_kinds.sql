-- The kinds of jobs are core/worker.py's table: a CHECK here had to be changed with each new one.
CREATE TABLE jobs_of_any_kind (
    job_id        VARCHAR PRIMARY KEY,
    kind          VARCHAR NOT NULL,
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
INSERT INTO jobs_of_any_kind SELECT * FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_of_any_kind RENAME TO jobs;
