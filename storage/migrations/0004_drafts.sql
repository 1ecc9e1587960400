-- What a person has typed into a long form and not saved: it outlives the tab.
CREATE TABLE drafts (
    person_id  VARCHAR NOT NULL,
    form       VARCHAR NOT NULL,
    content    JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, form)
);
