DROP TRIGGER api_keys_user_state ON ${schema}.api_keys;
DROP FUNCTION ${schema}.take_user_state();
ALTER TABLE ${schema}.api_keys DROP COLUMN user_is_active;
