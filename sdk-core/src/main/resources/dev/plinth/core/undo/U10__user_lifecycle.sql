-- A user must be known by something again.
ALTER TABLE ${schema}.users
  DROP CONSTRAINT users_erased_check,
  DROP CONSTRAINT users_known_check;
UPDATE ${schema}.users SET external_id = 'erased ' || id WHERE erased_at IS NOT NULL;
DROP INDEX ${schema}.users_merged_into_idx;
ALTER TABLE ${schema}.users
  DROP COLUMN erased_at,
  DROP COLUMN merged_into,
  DROP COLUMN deactivated_at,
  ADD CONSTRAINT users_known_check CHECK (num_nonnulls(external_id, email, username) > 0);
