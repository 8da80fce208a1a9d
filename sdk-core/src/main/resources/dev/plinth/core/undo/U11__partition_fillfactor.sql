CREATE OR REPLACE FUNCTION ${schema}.make_partition(table_name text, first_day date) RETURNS boolean
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '50ms'
AS $$
DECLARE
  unit text;
  home text;
  parent regclass;
  child_name text;
  child text;
  next_day date;
  item record;
BEGIN
  SELECT t.period, quote_ident(n.nspname)
  INTO unit, home
  FROM ${schema}.partitioned_tables t
  JOIN pg_class c ON c.oid = t.tableoid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE t.name = table_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no table of that name is registered for partitions'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'run the migrations';
  END IF;
  IF first_day IS NULL
    OR date_trunc(unit, first_day::timestamp) <> first_day
    OR first_day NOT BETWEEN current_date - 20000 AND current_date + 4000
  THEN
    RAISE EXCEPTION 'the first day of a partition must be the first of a % and near the present', unit
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  next_day := first_day + ('1 ' || unit)::interval;
  child_name := table_name || '_p' || to_char(first_day, CASE unit WHEN 'day' THEN 'YYYYMMDD' ELSE 'YYYYMM' END);
  child := home || '.' || quote_ident(child_name);
  parent := home || '.' || quote_ident(table_name);

  -- One at a time for each table; readers and writers do not mind.
  EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
  IF EXISTS (
    SELECT FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent AND c.relname = child_name)
  THEN
    RETURN false;
  END IF;

  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', child, parent);
  -- ATTACH hands row-level triggers down; those of statements would be missing.
  FOR item IN
    SELECT t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) AS definition
    FROM pg_trigger t
    WHERE t.tgrelid = parent AND NOT t.tgisinternal AND t.tgtype & 1 = 0
  LOOP
    EXECUTE replace(item.definition, ' ON ' || parent::text || ' ', ' ON ' || child || ' ');
    IF item.tgenabled <> 'O' THEN
      EXECUTE format(
        'ALTER TABLE %s %s TRIGGER %I',
        child,
        CASE item.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'DISABLE' END,
        item.tgname);
    END IF;
  END LOOP;
  -- Rights that the owner hands out by default would lead around those on the parent.
  FOR item IN
    SELECT DISTINCT a.grantee
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = child::regclass AND a.grantee <> c.relowner
  LOOP
    EXECUTE format(
      'REVOKE ALL ON %s FROM %s',
      child,
      CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE item.grantee::regrole::text END);
  END LOOP;
  -- Reached by its own name, a partition shows nothing where its parent has policies.
  IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = parent) THEN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', child);
  END IF;
  EXECUTE format(
    'ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
    parent,
    child,
    rpad(lpad(to_hex((extract(epoch FROM first_day) * 1000)::bigint), 12, '0'), 32, '0')::uuid,
    rpad(lpad(to_hex((extract(epoch FROM next_day) * 1000)::bigint), 12, '0'), 32, '0')::uuid);
  RETURN true;
END
$$;
ALTER TABLE ${schema}.partitioned_tables DROP COLUMN fillfactor;
