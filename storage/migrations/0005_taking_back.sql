-- What can be taken back: that a study counts, an imported file, a system's answers.
CREATE TABLE study_notes_of_any_kind (
    note_id    VARCHAR PRIMARY KEY,
    study_id   VARCHAR NOT NULL,
    kind       VARCHAR NOT NULL,
    text       VARCHAR NOT NULL,
    actor_id   VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO study_notes_of_any_kind SELECT * FROM study_notes;
DROP TABLE study_notes;
ALTER TABLE study_notes_of_any_kind RENAME TO study_notes;
ALTER TABLE systems ADD COLUMN removed_at TIMESTAMP;
ALTER TABLE imports ADD COLUMN undone_at TIMESTAMP;
