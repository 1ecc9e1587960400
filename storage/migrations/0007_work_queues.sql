-- Work queues whose cost does not grow with the project.
--
-- `position` is where an example lies in its project: 1, 2, 3 … in import order. Rows are inserted
-- in that order, so DuckDB's zone maps find a position, or a window of them, by reading one row
-- group: no index is needed. What is looked up by example therefore carries the position, and the
-- indexes that cost most at the import of 1,000,000 rows are gone. Measured for 1,000,000 rows:
-- UNIQUE (project_id, content_hash) +10 s, UNIQUE (example_id, number) +3.2 s, a primary key +0.9 s
-- and about 60 MB. What remains is one key on `example_current`, for the example that a browser
-- names, and one on `revisions`, for the submission that a browser sends twice.

-- Which example is where, and where it came from. Same content twice is refused by whoever inserts:
-- see `project_intake`.
CREATE TABLE examples_by_position (
    example_id   VARCHAR NOT NULL,
    project_id   VARCHAR NOT NULL,
    position     BIGINT NOT NULL DEFAULT 0,
    content_hash VARCHAR NOT NULL,
    external_id  VARCHAR,
    import_id    VARCHAR NOT NULL,
    line         BIGINT NOT NULL,
    meta         JSON NOT NULL,
    created_at   TIMESTAMP NOT NULL
);
INSERT INTO examples_by_position
SELECT e.example_id, e.project_id, coalesce(c.position, 0), e.content_hash, e.external_id,
       e.import_id, e.line, e.meta, e.created_at
FROM examples e LEFT JOIN example_current c USING (example_id)
ORDER BY c.project_id, c.position;
DROP TABLE examples;
ALTER TABLE examples_by_position RENAME TO examples;

CREATE TABLE revisions_by_position (
    revision_id VARCHAR PRIMARY KEY,
    example_id  VARCHAR NOT NULL,
    position    BIGINT NOT NULL DEFAULT 0,
    number      INTEGER NOT NULL,
    based_on    VARCHAR,
    instruction VARCHAR NOT NULL,
    input       VARCHAR NOT NULL,
    output      VARCHAR NOT NULL,
    labels      JSON NOT NULL,
    quality     INTEGER CHECK (quality BETWEEN 1 AND 5),
    origin      VARCHAR NOT NULL,
    comment     VARCHAR NOT NULL DEFAULT '',
    author_id   VARCHAR NOT NULL,
    seconds     DOUBLE,
    created_at  TIMESTAMP NOT NULL
);
INSERT INTO revisions_by_position
SELECT r.revision_id, r.example_id, coalesce(c.position, 0), r.number, r.based_on, r.instruction,
       r.input, r.output, r.labels, r.quality, r.origin, r.comment, r.author_id, r.seconds,
       r.created_at
FROM revisions r LEFT JOIN example_current c USING (example_id)
ORDER BY r.created_at, c.position;
DROP TABLE revisions;
ALTER TABLE revisions_by_position RENAME TO revisions;

-- Decisions. `decision` has no CHECK any more: core/examples/history.py lists what people do.
CREATE TABLE reviews_by_position (
    review_id    VARCHAR NOT NULL,
    example_id   VARCHAR NOT NULL,
    position     BIGINT NOT NULL DEFAULT 0,
    revision_id  VARCHAR NOT NULL,
    decision     VARCHAR NOT NULL,
    state_before VARCHAR NOT NULL,
    batch_id     VARCHAR,
    comment      VARCHAR NOT NULL DEFAULT '',
    reviewer_id  VARCHAR NOT NULL,
    seconds      DOUBLE,
    created_at   TIMESTAMP NOT NULL
);
INSERT INTO reviews_by_position
SELECT r.review_id, r.example_id, coalesce(c.position, 0), r.revision_id, r.decision,
       r.state_before, r.batch_id, r.comment, r.reviewer_id, r.seconds, r.created_at
FROM reviews r LEFT JOIN example_current c USING (example_id)
ORDER BY r.created_at, c.position;
DROP TABLE reviews;
ALTER TABLE reviews_by_position RENAME TO reviews;

CREATE TABLE example_events_by_position (
    event_id   VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position   BIGINT NOT NULL DEFAULT 0,
    kind       VARCHAR NOT NULL,
    reason     VARCHAR NOT NULL DEFAULT '',
    actor_id   VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO example_events_by_position
SELECT v.event_id, v.example_id, coalesce(c.position, 0), v.kind, v.reason, v.actor_id, v.created_at
FROM example_events v LEFT JOIN example_current c USING (example_id)
ORDER BY v.created_at;
DROP TABLE example_events;
ALTER TABLE example_events_by_position RENAME TO example_events;

-- Every single decision, skip and flag that a person sent, so that sending it again is nothing new
-- (saved texts are found by their key in `revisions`). Bulk decisions are not in here.
CREATE TABLE submissions (
    submission_id VARCHAR PRIMARY KEY,
    example_id    VARCHAR NOT NULL,
    created_at    TIMESTAMP NOT NULL
);
INSERT INTO submissions
SELECT review_id, example_id, created_at FROM reviews WHERE batch_id IS NULL
UNION ALL
SELECT event_id, example_id, created_at FROM example_events WHERE kind <> 'unflag';

-- Where the next example of a project goes. Whoever inserts examples updates this row first: two
-- who insert at once then conflict, and the second one sees what the first one inserted. That
-- replaces both max(position) and the unique content hash.
CREATE TABLE project_intake (
    project_id    VARCHAR PRIMARY KEY,
    last_position BIGINT NOT NULL
);
INSERT INTO project_intake
SELECT p.project_id, coalesce(max(c.position), 0)
FROM projects p LEFT JOIN example_current c USING (project_id)
GROUP BY p.project_id;

-- Active leases only: one row per example in somebody's hands. Taken by an insert; of two who insert
-- the same key, one fails at commit and tries the next example.
DROP TABLE example_leases;
CREATE TABLE example_leases (
    example_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    position   BIGINT NOT NULL,
    queue      VARCHAR NOT NULL,
    person_id  VARCHAR NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

-- Skips that still count: until the example changes, or is given out again. `queue` is the one that
-- the example was in. The log of all skips is in `example_events`.
CREATE TABLE example_skips (
    project_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    position   BIGINT NOT NULL,
    queue      VARCHAR NOT NULL,
    person_id  VARCHAR NOT NULL,
    reason     VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO example_skips
SELECT c.project_id, v.example_id, c.position,
       CASE WHEN c.state IN ('new', 'sent_back') AND NOT c.flagged THEN 'annotate' ELSE 'review' END,
       v.actor_id, arg_max(v.reason, v.created_at), max(v.created_at)
FROM example_events v JOIN example_current c USING (example_id)
WHERE v.kind = 'skip'
  AND (v.created_at > c.updated_at OR c.state IN ('new', 'sent_back'))
  AND (c.flagged OR c.state NOT IN ('accepted', 'set_aside'))
GROUP BY ALL;

-- How many examples are where: the sum of `n` over (project, block of 8,192 positions, state,
-- flagged, author). Append-only changes, +1 here and -1 there, in the transaction that changes the
-- example: two savers, or a saver and an import, never write one row. Compacted now and then. The
-- first block that has open examples is where a queue begins. `author_id` is empty where nobody
-- asks for it. An import inserts +count per block with the state its examples enter in.
CREATE TABLE example_counts (
    project_id VARCHAR NOT NULL,
    block      BIGINT NOT NULL,
    state      VARCHAR NOT NULL,
    flagged    BOOLEAN NOT NULL,
    author_id  VARCHAR NOT NULL,
    n          BIGINT NOT NULL
);
-- What `example_counts` counts, asked of the examples themselves: for many at once, and for tests.
CREATE VIEW example_tallies AS
SELECT example_id, project_id, position // 8192 AS block, state, flagged,
       CASE WHEN flagged OR state IN ('annotated', 'sent_back') THEN author_id ELSE '' END
           AS author_id
FROM example_current;
INSERT INTO example_counts
SELECT project_id, block, state, flagged, author_id, count(*) FROM example_tallies GROUP BY ALL;

-- What people did before there was an audit log. "Done today" and "my last" read the log's newest
-- rows.
INSERT INTO audit_events
SELECT 'aud_' || r.revision_id, r.created_at, r.author_id, c.project_id,
       CASE r.origin WHEN 'annotate' THEN 'saved' ELSE 'edited' END, 'example', r.example_id,
       json_object('submission_id', r.revision_id)
FROM revisions r JOIN example_current c USING (example_id)
WHERE r.origin <> 'import'
UNION ALL
SELECT 'aud_' || r.review_id, r.created_at, r.reviewer_id, c.project_id,
       CASE r.decision WHEN 'accept' THEN 'accepted' WHEN 'send_back' THEN 'sent_back'
                       WHEN 'set_aside' THEN 'set_aside' ELSE 'decision_undone' END,
       'example', r.example_id, json_object('submission_id', r.review_id)
FROM reviews r JOIN example_current c USING (example_id)
WHERE r.batch_id IS NULL
UNION ALL
SELECT 'aud_' || v.event_id, v.created_at, v.actor_id, c.project_id,
       CASE v.kind WHEN 'skip' THEN 'skipped' ELSE 'flagged' END, 'example', v.example_id,
       json_object('submission_id', v.event_id)
FROM example_events v JOIN example_current c USING (example_id)
WHERE v.kind <> 'unflag'
UNION ALL
SELECT 'aud_' || r.batch_id, max(r.created_at), any_value(r.reviewer_id), c.project_id,
       'accepted_all', 'project', c.project_id,
       json_object('batch_id', r.batch_id, 'n', count(*))
FROM reviews r JOIN example_current c USING (example_id)
WHERE r.batch_id IS NOT NULL AND r.decision = 'accept' AND c.state = 'accepted'
  AND c.revision_id = r.revision_id
GROUP BY r.batch_id, c.project_id
ORDER BY 2;
