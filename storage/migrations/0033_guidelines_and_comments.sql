-- Which version of a project's guidelines each person has opened; versions count in the audit log.
CREATE TABLE guidelines_read (
    project_id VARCHAR,
    person_id VARCHAR,
    number INTEGER,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, person_id, number)
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
