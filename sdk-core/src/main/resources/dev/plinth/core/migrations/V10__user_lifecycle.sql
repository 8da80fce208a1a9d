-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'users has no index users_merged_into_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.users$n$::regclass AND x.indisvalid AND c.relname = 'users_merged_into_idx')

-- A user who was merged or erased keeps a row, for what refers to it. No chains: who is merged into
-- one that is merged later on is pointed at the last one then.
ALTER TABLE ${schema}.users
  ADD COLUMN deactivated_at timestamptz,
  ADD COLUMN merged_into uuid REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  ADD COLUMN erased_at timestamptz,
  DROP CONSTRAINT users_known_check,
  ADD CONSTRAINT users_known_check
    CHECK (erased_at IS NOT NULL OR num_nonnulls(external_id, email, username) > 0),
  ADD CONSTRAINT users_deactivated_check CHECK (deactivated_at IS NULL OR NOT is_active),
  ADD CONSTRAINT users_merged_check CHECK (merged_into IS NULL OR (NOT is_active AND merged_into <> id)),
  ADD CONSTRAINT users_erased_check CHECK (
    erased_at IS NULL
    OR (
      NOT is_active
      AND NOT is_verified
      AND num_nonnulls(external_id, email, username, full_name, picture, password_hash, last_login_at) = 0
      AND settings = '{}'
      AND metadata = '{}'));
CREATE INDEX users_merged_into_idx ON ${schema}.users (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON COLUMN ${schema}.users.deactivated_at IS 'When it was deactivated; null while it is active';
COMMENT ON COLUMN ${schema}.users.merged_into IS 'The user that took over what was this one''s';
COMMENT ON COLUMN ${schema}.users.erased_at IS 'When its personal data was erased; the row remains for what refers to it';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 10, 'expanding');
