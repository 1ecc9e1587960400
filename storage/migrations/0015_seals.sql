-- A study's seal covers answers, roles, rubric and plan; it was a hash of order and systems alone.
ALTER TABLE studies RENAME COLUMN order_hash TO seal;
