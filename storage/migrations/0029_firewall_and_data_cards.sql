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
-- The protected text that an example is near: its file, line and beginning.
ALTER TABLE version_left_out ADD COLUMN near_file VARCHAR;
ALTER TABLE version_left_out ADD COLUMN near_text VARCHAR;
-- What the worker that froze a version saw in it: languages.
CREATE TABLE version_facts (
    version_id VARCHAR PRIMARY KEY,
    content JSON NOT NULL
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
