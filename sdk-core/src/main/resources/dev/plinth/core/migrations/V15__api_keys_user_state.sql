-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'api_keys has no foreign key api_keys_user_state_fkey' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = $n$${schema}.api_keys$n$::regclass AND c.conname = 'api_keys_user_state_fkey')

-- Not validated here: that reads the whole table, under a lock that writers would wait for. Until
-- then it holds for what is written.
ALTER TABLE ${schema}.api_keys
  ADD COLUMN user_is_active boolean NOT NULL DEFAULT true,
  ADD CONSTRAINT api_keys_user_state_fkey FOREIGN KEY (user_id, user_is_active)
    REFERENCES ${schema}.user_states (user_id, is_active)
    ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
COMMENT ON COLUMN ${schema}.api_keys.user_is_active IS 'Whether the user who owns it is active, kept by its foreign key; true for nodes and services';

-- What moves to another user takes that user's state. FOR KEY SHARE, as the foreign key's own look:
-- that user's state does not change before this transaction has ended.
CREATE FUNCTION ${schema}.take_user_state() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.user_is_active := coalesce(
    (SELECT is_active FROM ${schema}.user_states WHERE user_id = NEW.user_id FOR KEY SHARE), true);
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION ${schema}.take_user_state() IS 'Trigger function of api_keys and sessions: what moves to another user takes that user''s state';
REVOKE ALL ON FUNCTION ${schema}.take_user_state() FROM PUBLIC;
CREATE TRIGGER api_keys_user_state
  BEFORE UPDATE OF user_id ON ${schema}.api_keys
  FOR EACH ROW WHEN (OLD.user_id IS DISTINCT FROM NEW.user_id)
  EXECUTE FUNCTION ${schema}.take_user_state();

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 15, 'expanding');
