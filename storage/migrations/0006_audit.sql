-- One log of every change that somebody made: who, what, on what, when. Appended in the same
-- transaction as the change; without a key, because nobody looks a row up by one.
CREATE TABLE audit_events (
    event_id     VARCHAR NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    actor_id     VARCHAR NOT NULL,
    project_id   VARCHAR,
    action       VARCHAR NOT NULL,
    subject_kind VARCHAR NOT NULL,
    subject_id   VARCHAR NOT NULL,
    detail       JSON NOT NULL
);
INSERT INTO audit_events
SELECT event_id, created_at, actor_id, project_id, kind, 'person', person_id,
       CASE WHEN detail = '' THEN '{}' ELSE to_json({'detail': detail}) END
FROM account_events;
DROP TABLE account_events;
