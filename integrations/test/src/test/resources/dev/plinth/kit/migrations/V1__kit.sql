-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'no entries table' WHERE to_regclass('${schema}.entries') IS NULL

CREATE TABLE ${schema}.kinds (kind text PRIMARY KEY, rank integer NOT NULL GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ${schema}.kinds IS 'Has a row that the migration brings along';
INSERT INTO ${schema}.kinds (kind) VALUES ('built-in');

CREATE TABLE ${schema}.entries (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL REFERENCES ${schema}.kinds,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
COMMENT ON TABLE ${schema}.entries IS 'Append-only and partitioned';
CREATE TABLE ${schema}.entries_1 PARTITION OF ${schema}.entries FOR VALUES FROM (1) TO (1000);

CREATE FUNCTION ${schema}.refuse() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'append only';
END
$$;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ${schema}.entries
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse();
ALTER TABLE ${schema}.entries ENABLE ALWAYS TRIGGER refuse_truncate;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ${schema}.entries_1
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ${schema}.entries
  FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse();

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('kit', 1, 'expanding');
