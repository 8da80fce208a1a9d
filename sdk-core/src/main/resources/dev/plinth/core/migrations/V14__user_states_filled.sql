-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'user_states is empty, and users is not' WHERE EXISTS (SELECT FROM ${schema}.users) AND NOT EXISTS (SELECT FROM ${schema}.user_states)

-- A thousand users at a time, each in a transaction of its own, so that whoever changes, merges or
-- deletes one of them waits for milliseconds. Users who come or change meanwhile have their row by
-- the triggers. Where somebody holds a user, this gives up and asks again. It may be run again.
DO $fill$
DECLARE
  done uuid := '00000000-0000-0000-0000-000000000000';
  reached uuid;
BEGIN
  LOOP
    reached := (
      SELECT max(page.id::text)::uuid
      FROM (SELECT id FROM ${schema}.users WHERE id > done ORDER BY id LIMIT 1000) page);
    EXIT WHEN reached IS NULL;
    PERFORM set_config('lock_timeout', '50ms', true);
    BEGIN
      INSERT INTO ${schema}.user_states (user_id, is_active)
      SELECT id, is_active
      FROM ${schema}.users
      WHERE id > done AND id <= reached
      ORDER BY id
      FOR KEY SHARE
      ON CONFLICT (user_id) DO NOTHING;
      done := reached;
    EXCEPTION WHEN lock_not_available THEN
      PERFORM pg_sleep(0.05);
    END;
    COMMIT;
  END LOOP;
END
$fill$;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 14, 'expanding')
ON CONFLICT DO NOTHING;
