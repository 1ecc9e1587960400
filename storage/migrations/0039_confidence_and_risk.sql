-- Confidence: the mean natural log-probability of an answer's tokens, NULL where it is not known.
ALTER TABLE answers ADD COLUMN confidence DOUBLE;
-- How likely a system finds the reference of an example: the logarithm of its perplexity.
CREATE TABLE reference_losses (
    system_id VARCHAR NOT NULL,
    example_id VARCHAR NOT NULL,
    revision_id VARCHAR NOT NULL,
    generation_id VARCHAR NOT NULL,
    loss DOUBLE NOT NULL
);
-- Why a pair's output is among the riskiest: names of core.study.risk.SIGNALS; NULL where it is not.
ALTER TABLE pairs ADD COLUMN risk_reasons JSON;
