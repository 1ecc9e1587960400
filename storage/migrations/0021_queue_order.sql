-- Which job is next: those with a lower number first, then the older ones.
ALTER TABLE jobs ADD COLUMN queue_order BIGINT DEFAULT 0;
