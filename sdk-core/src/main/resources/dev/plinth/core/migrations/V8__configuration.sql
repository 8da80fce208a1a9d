-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:grant system_configuration_history SELECT, INSERT

CREATE TABLE ${schema}.system_configuration (
  name text PRIMARY KEY
    CONSTRAINT system_configuration_name_check CHECK (name ~ '^[a-z][a-z0-9_.-]{0,99}$'),
  value jsonb,
  version bigint NOT NULL DEFAULT 1
    CONSTRAINT system_configuration_version_check CHECK (version >= 0),
  updated_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER system_configuration_updated_at
  BEFORE UPDATE ON ${schema}.system_configuration
  FOR EACH ROW EXECUTE FUNCTION ${schema}.update_updated_at_column();
CREATE TRIGGER system_configuration_changed
  AFTER INSERT OR UPDATE OR DELETE ON ${schema}.system_configuration
  FOR EACH ROW EXECUTE FUNCTION ${schema}.note_change('configuration', 'name');
CREATE TRIGGER system_configuration_emptied
  AFTER TRUNCATE ON ${schema}.system_configuration
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.note_change('configuration');
COMMENT ON TABLE ${schema}.system_configuration IS 'Settings that were ever set; the defaults stand in code';
COMMENT ON COLUMN ${schema}.system_configuration.name IS 'The setting';
COMMENT ON COLUMN ${schema}.system_configuration.value IS 'Its value as JSON; null when it was given back its default';
COMMENT ON COLUMN ${schema}.system_configuration.version IS 'Counts changes, for optimistic locking; 0 before the first';
COMMENT ON COLUMN ${schema}.system_configuration.updated_by IS 'The user who set it; null when nobody in particular';
COMMENT ON COLUMN ${schema}.system_configuration.created_at IS 'When it was first set';
COMMENT ON COLUMN ${schema}.system_configuration.updated_at IS 'When it was last set, by trigger';

CREATE TABLE ${schema}.system_configuration_history (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  version bigint NOT NULL,
  old_value jsonb,
  new_value jsonb,
  changed_by uuid,
  reason text
    CONSTRAINT system_configuration_history_reason_check CHECK (char_length(reason) BETWEEN 1 AND 1000),
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT system_configuration_history_name_key UNIQUE (name, version)
);
COMMENT ON TABLE ${schema}.system_configuration_history IS 'Who changed which setting, and when; append only';
COMMENT ON COLUMN ${schema}.system_configuration_history.id IS 'UUIDv7';
COMMENT ON COLUMN ${schema}.system_configuration_history.name IS 'The setting';
COMMENT ON COLUMN ${schema}.system_configuration_history.version IS 'The setting''s version after the change';
COMMENT ON COLUMN ${schema}.system_configuration_history.old_value IS 'Before; null when it had its default';
COMMENT ON COLUMN ${schema}.system_configuration_history.new_value IS 'After; null when it was given back its default';
COMMENT ON COLUMN ${schema}.system_configuration_history.changed_by IS 'The user who changed it; null when nobody in particular';
COMMENT ON COLUMN ${schema}.system_configuration_history.reason IS 'Why, in their words';
COMMENT ON COLUMN ${schema}.system_configuration_history.changed_at IS 'When';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 8, 'expanding');
