-- Revisions that one bulk action made share a batch, by which they are found again to be taken back.
ALTER TABLE revisions ADD COLUMN batch_id VARCHAR;
