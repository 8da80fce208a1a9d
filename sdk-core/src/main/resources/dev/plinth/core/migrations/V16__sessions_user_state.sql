-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'sessions has no foreign key sessions_user_state_fkey' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = $n$${schema}.sessions$n$::regclass AND c.conname = 'sessions_user_state_fkey')

-- As api_keys has it.
ALTER TABLE ${schema}.sessions
  ADD COLUMN user_is_active boolean NOT NULL DEFAULT true,
  ADD CONSTRAINT sessions_user_state_fkey FOREIGN KEY (user_id, user_is_active)
    REFERENCES ${schema}.user_states (user_id, is_active)
    ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
COMMENT ON COLUMN ${schema}.sessions.user_is_active IS 'Whether the user is active, kept by its foreign key';
CREATE TRIGGER sessions_user_state
  BEFORE UPDATE OF user_id ON ${schema}.sessions
  FOR EACH ROW WHEN (OLD.user_id IS DISTINCT FROM NEW.user_id)
  EXECUTE FUNCTION ${schema}.take_user_state();

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 16, 'expanding');
