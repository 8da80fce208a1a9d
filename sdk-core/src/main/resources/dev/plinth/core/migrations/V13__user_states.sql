-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:grant user_states SELECT
-- plinth:validate SELECT 'users has no trigger ' || t FROM unnest(ARRAY['users_state', 'users_state_change']) AS t WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = $n$${schema}.users$n$::regclass AND g.tgname = t AND g.tgenabled <> 'D')

-- A key or session is good while its user is active, and every request asks. So that it is answered
-- by the one row that is read anyway, that row carries the user's state, and a foreign key sees to it:
-- its ON UPDATE CASCADE reaches also rows that the updating transaction's snapshot does not show, or
-- fails to serialize, which no trigger could do. It refers to this table rather than to users, where
-- is_active would become part of a key: a deactivation would then wait for every transaction that
-- refers to the user, a charge or a job, rather than for those that log in.
CREATE TABLE ${schema}.user_states (
  user_id uuid PRIMARY KEY REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  is_active boolean NOT NULL,
  CONSTRAINT user_states_user_id_is_active_key UNIQUE (user_id, is_active)
);
COMMENT ON TABLE ${schema}.user_states IS 'users.is_active once more, set by trigger, for keys and sessions to refer to';
COMMENT ON COLUMN ${schema}.user_states.user_id IS 'The user';
COMMENT ON COLUMN ${schema}.user_states.is_active IS 'As in users';

-- Keys and sessions are locked before the cascade reaches them, in the order in which others lock them.
CREATE FUNCTION ${schema}.keep_user_state() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM FROM ${schema}.api_keys WHERE user_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
    PERFORM FROM ${schema}.sessions WHERE user_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
  END IF;
  INSERT INTO ${schema}.user_states (user_id, is_active) VALUES (NEW.id, NEW.is_active)
  ON CONFLICT (user_id) DO UPDATE SET is_active = excluded.is_active;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION ${schema}.keep_user_state() IS 'Trigger function of users: keeps users.is_active in user_states';
REVOKE ALL ON FUNCTION ${schema}.keep_user_state() FROM PUBLIC;
CREATE TRIGGER users_state
  AFTER INSERT ON ${schema}.users
  FOR EACH ROW EXECUTE FUNCTION ${schema}.keep_user_state();
CREATE TRIGGER users_state_change
  AFTER UPDATE ON ${schema}.users
  FOR EACH ROW WHEN (OLD.is_active <> NEW.is_active) EXECUTE FUNCTION ${schema}.keep_user_state();

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 13, 'expanding');
