-- The texts of examples are stored as they are. DuckDB compresses a text to about half and takes
-- five times as long to write it as without: 1.2 s of the server's time per 100,000 examples of 550
-- characters, while people wait. It costs 47 MB of disk per 100,000. Rewritten, the rows also lie
-- in the smaller row groups of storage/connection.py.
CREATE TABLE revisions_of_plain_text (
    revision_id VARCHAR PRIMARY KEY,
    example_id  VARCHAR NOT NULL,
    position    BIGINT NOT NULL DEFAULT 0,
    number      INTEGER NOT NULL,
    based_on    VARCHAR,
    instruction VARCHAR NOT NULL USING COMPRESSION uncompressed,
    input       VARCHAR NOT NULL USING COMPRESSION uncompressed,
    output      VARCHAR NOT NULL USING COMPRESSION uncompressed,
    labels      JSON NOT NULL,
    quality     INTEGER CHECK (quality BETWEEN 1 AND 5),
    origin      VARCHAR NOT NULL,
    comment     VARCHAR NOT NULL DEFAULT '',
    author_id   VARCHAR NOT NULL,
    seconds     DOUBLE,
    created_at  TIMESTAMP NOT NULL
);
INSERT INTO revisions_of_plain_text SELECT * FROM revisions;
DROP TABLE revisions;
ALTER TABLE revisions_of_plain_text RENAME TO revisions;

CREATE TABLE example_current_of_plain_text (
    example_id  VARCHAR PRIMARY KEY,
    project_id  VARCHAR NOT NULL,
    position    BIGINT NOT NULL,
    revision_id VARCHAR NOT NULL,
    number      INTEGER NOT NULL,
    instruction VARCHAR NOT NULL USING COMPRESSION uncompressed,
    input       VARCHAR NOT NULL USING COMPRESSION uncompressed,
    output      VARCHAR NOT NULL USING COMPRESSION uncompressed,
    labels      JSON NOT NULL,
    quality     INTEGER,
    author_id   VARCHAR NOT NULL,
    state       VARCHAR NOT NULL
        CHECK (state IN ('new', 'annotated', 'sent_back', 'accepted', 'set_aside')),
    flagged     BOOLEAN NOT NULL DEFAULT false,
    updated_at  TIMESTAMP NOT NULL
);
INSERT INTO example_current_of_plain_text SELECT * FROM example_current;
DROP TABLE example_current;
ALTER TABLE example_current_of_plain_text RENAME TO example_current;
