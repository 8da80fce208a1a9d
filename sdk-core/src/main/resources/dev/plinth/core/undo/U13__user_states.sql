DROP TRIGGER users_state_change ON ${schema}.users;
DROP TRIGGER users_state ON ${schema}.users;
DROP FUNCTION ${schema}.keep_user_state();
DROP TABLE ${schema}.user_states;
