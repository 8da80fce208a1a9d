-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'a reading without a value' FROM ${schema}.readings WHERE value IS NULL

CREATE TABLE ${schema}.meters (id integer PRIMARY KEY, reads integer NOT NULL DEFAULT 0);
INSERT INTO ${schema}.meters VALUES (1);

CREATE TABLE ${schema}.readings (
  id uuid PRIMARY KEY,
  meter integer NOT NULL DEFAULT 1 REFERENCES ${schema}.meters,
  value integer NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX readings_meter ON ${schema}.readings (meter);

CREATE FUNCTION ${schema}.refuse_truncate() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'readings are kept';
END
$$;
CREATE TRIGGER readings_kept BEFORE TRUNCATE ON ${schema}.readings
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_truncate();
ALTER TABLE ${schema}.readings ENABLE ALWAYS TRIGGER readings_kept;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('parted', 1, 'expanding');
