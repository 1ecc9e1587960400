-- Whether a base model has seen a version's examples: one row a check, and what it shows of each.
CREATE TABLE contamination_checks (
    check_id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    model_hash VARCHAR NOT NULL,
    controls_version_id VARCHAR,
    result JSON NOT NULL,
    actor_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE contamination_probes (
    check_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    completion DOUBLE,
    min_k DOUBLE NOT NULL,
    perplexity DOUBLE,
    suspect BOOLEAN NOT NULL
);
CREATE VIEW suspect_examples AS
SELECT DISTINCT s.system_id, k.version_id, p.example_id
FROM systems s
JOIN contamination_checks k
  ON k.project_id = s.project_id AND k.model_hash = s.spec ->> '$.base_model_hash'
JOIN contamination_probes p ON p.check_id = k.check_id
WHERE p.suspect;
