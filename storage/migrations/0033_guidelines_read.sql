-- Which version of a project's guidelines each person has opened; versions count in the audit log.
CREATE TABLE guidelines_read (
    project_id VARCHAR,
    person_id VARCHAR,
    number INTEGER,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, person_id, number)
);
