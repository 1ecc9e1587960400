-- A viewer reads and changes nothing. Roles are core/actor.py's list.
CREATE TABLE memberships_with_viewers (
    project_id VARCHAR NOT NULL,
    person_id  VARCHAR NOT NULL,
    role       VARCHAR NOT NULL CHECK (role IN ('annotator', 'reviewer', 'lead', 'viewer')),
    PRIMARY KEY (project_id, person_id, role)
);
INSERT INTO memberships_with_viewers SELECT project_id, person_id, role FROM memberships;
DROP TABLE memberships;
ALTER TABLE memberships_with_viewers RENAME TO memberships;

-- One-time links with which an invited person makes their own account. Only the hash is kept.
CREATE TABLE invitations (
    invitation_id VARCHAR PRIMARY KEY,
    token_hash    VARCHAR NOT NULL,
    project_id    VARCHAR NOT NULL,
    role          VARCHAR NOT NULL CHECK (role IN ('annotator', 'reviewer', 'lead', 'viewer')),
    note          VARCHAR NOT NULL,
    invited_by    VARCHAR NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL,
    used_at       TIMESTAMP,
    person_id     VARCHAR,
    revoked_at    TIMESTAMP
);

-- Changes of projects join the audit log.
INSERT INTO audit_events
    (event_id, created_at, actor_id, project_id, action, subject_kind, subject_id, detail)
SELECT change_id, created_at, actor_id, project_id, kind, 'project', project_id,
       json_object('settings', settings)
FROM project_changes;
DROP TABLE project_changes;
