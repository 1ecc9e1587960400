-- One job per subject, one word for taking a result in, and who launched a job and saw it last.
-- Where a subject had several jobs, the newest keeps the name; the older ones get #2, #3 …
CREATE TABLE jobs_of_one_subject (
    job_id        VARCHAR PRIMARY KEY,
    kind          VARCHAR NOT NULL,
    project_id    VARCHAR NOT NULL,
    subject_id    VARCHAR NOT NULL UNIQUE,
    title         VARCHAR NOT NULL,
    folder        VARCHAR NOT NULL,
    device        VARCHAR NOT NULL CHECK (device IN ('accelerator', 'light')),
    launcher      VARCHAR NOT NULL DEFAULT 'local',
    status        VARCHAR NOT NULL,
    step          BIGINT NOT NULL DEFAULT 0,
    total         BIGINT NOT NULL DEFAULT 0,
    error         JSON,
    detail        JSON NOT NULL DEFAULT '{}',
    event_offset  BIGINT NOT NULL DEFAULT 0,
    taken_in      BOOLEAN NOT NULL DEFAULT false,
    created_by    VARCHAR NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    started_at    TIMESTAMP,
    ended_at      TIMESTAMP,
    heartbeat_at  TIMESTAMP
);
INSERT INTO jobs_of_one_subject (
    job_id, kind, project_id, subject_id, title, folder, device, status, step, total, error,
    detail, event_offset, taken_in, created_by, created_at, started_at, ended_at
)
SELECT
    job_id, kind, project_id,
    CASE WHEN place = 1 THEN subject_id ELSE subject_id || '#' || place END,
    title, folder, device, status, step, total, error,
    detail, event_offset, ingested, created_by, created_at, started_at, ended_at
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY subject_id ORDER BY created_at DESC, job_id DESC) AS place
    FROM jobs
)
ORDER BY created_at, job_id;
DROP TABLE jobs;
ALTER TABLE jobs_of_one_subject RENAME TO jobs;
