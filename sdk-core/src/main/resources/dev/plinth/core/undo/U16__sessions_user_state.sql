DROP TRIGGER sessions_user_state ON ${schema}.sessions;
ALTER TABLE ${schema}.sessions DROP COLUMN user_is_active;
