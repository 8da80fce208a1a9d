DROP INDEX ${schema}.users_merged_into_idx;
ALTER TABLE ${schema}.users
  DROP COLUMN erased_at,
  DROP COLUMN merged_into,
  DROP COLUMN deactivated_at;
