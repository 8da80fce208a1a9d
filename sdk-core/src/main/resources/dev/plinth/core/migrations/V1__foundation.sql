-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:grant schema_changes SELECT
-- plinth:validate SELECT 'schema_changes lacks core 1' WHERE NOT EXISTS (SELECT FROM ${schema}.schema_changes WHERE module = 'core' AND version = 1)

-- What was applied, told by the migrations themselves: a node reads here whether a newer one
-- has changed the schema in a way that it cannot work with.
CREATE TABLE ${schema}.schema_changes (
  module text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  compatibility text NOT NULL CHECK (compatibility IN ('expanding', 'breaking')),
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL DEFAULT session_user,
  PRIMARY KEY (module, version)
);
COMMENT ON TABLE ${schema}.schema_changes IS 'One row per applied migration, written by the migration itself';
COMMENT ON COLUMN ${schema}.schema_changes.module IS 'The module it belongs to';
COMMENT ON COLUMN ${schema}.schema_changes.version IS 'Its number in the module''s line';
COMMENT ON COLUMN ${schema}.schema_changes.compatibility IS 'expanding: nodes of the previous version go on working; breaking: they refuse to';
COMMENT ON COLUMN ${schema}.schema_changes.applied_at IS 'When it was applied';
COMMENT ON COLUMN ${schema}.schema_changes.applied_by IS 'The database role that applied it';

-- Set by trigger on every table with updated_at; hosts may use it for theirs.
CREATE FUNCTION ${schema}.update_updated_at_column() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.updated_at := statement_timestamp();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION ${schema}.update_updated_at_column() IS 'Trigger function: sets updated_at on every update';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 1, 'expanding');
