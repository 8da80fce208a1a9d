-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'users has one that was merged or erased and is active: ' || id FROM ${schema}.users WHERE is_active AND (merged_into IS NOT NULL OR erased_at IS NOT NULL)

ALTER TABLE ${schema}.users
  ADD COLUMN deactivated_at timestamptz,
  ADD COLUMN merged_into uuid REFERENCES ${schema}.users (id) ON DELETE SET NULL,
  ADD COLUMN erased_at timestamptz;
CREATE INDEX users_merged_into_idx ON ${schema}.users (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON COLUMN ${schema}.users.deactivated_at IS 'When it was deactivated; null while it is active';
COMMENT ON COLUMN ${schema}.users.merged_into IS 'The user that took over what was this one''s';
COMMENT ON COLUMN ${schema}.users.erased_at IS 'When its personal data was erased; the row remains for what refers to it';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 10, 'expanding');
