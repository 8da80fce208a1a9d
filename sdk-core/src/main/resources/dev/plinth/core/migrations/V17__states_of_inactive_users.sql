-- plinth:compatibility expanding
-- plinth:undo keeps-data

-- Keys and sessions that were there before, of users who are inactive: the few that have not the
-- default. A hundred such users at a time, each in a transaction of its own, held meanwhile, so that
-- nobody is reactivated in between. It may be run again. That none was missed is what the next
-- script's foreign keys are validated for.
DO $states$
DECLARE
  done uuid := '00000000-0000-0000-0000-000000000000';
  page uuid[];
  held uuid[];
BEGIN
  LOOP
    PERFORM set_config('lock_timeout', '50ms', true);
    page := ARRAY(
      SELECT user_id FROM ${schema}.user_states
      WHERE NOT is_active AND user_id > done
      ORDER BY user_id
      LIMIT 100);
    EXIT WHEN cardinality(page) = 0;
    BEGIN
      held := ARRAY(
        SELECT user_id FROM ${schema}.user_states
        WHERE user_id = ANY (page) AND NOT is_active
        ORDER BY user_id
        FOR KEY SHARE);
      UPDATE ${schema}.api_keys SET user_is_active = false WHERE user_id = ANY (held) AND user_is_active;
      UPDATE ${schema}.sessions SET user_is_active = false WHERE user_id = ANY (held) AND user_is_active;
      done := page[cardinality(page)];
    EXCEPTION WHEN lock_not_available THEN
      PERFORM pg_sleep(0.05);
    END;
    COMMIT;
  END LOOP;
END
$states$;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 17, 'expanding')
ON CONFLICT DO NOTHING;
