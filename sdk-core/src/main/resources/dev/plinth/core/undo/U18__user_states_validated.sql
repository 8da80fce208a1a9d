-- A constraint that was validated stays so: only a new one is not.
ALTER TABLE ${schema}.sessions
  DROP CONSTRAINT sessions_user_state_fkey,
  ADD CONSTRAINT sessions_user_state_fkey FOREIGN KEY (user_id, user_is_active)
    REFERENCES ${schema}.user_states (user_id, is_active)
    ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
ALTER TABLE ${schema}.api_keys
  DROP CONSTRAINT api_keys_user_state_fkey,
  ADD CONSTRAINT api_keys_user_state_fkey FOREIGN KEY (user_id, user_is_active)
    REFERENCES ${schema}.user_states (user_id, is_active)
    ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
