-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'the foreign key ' || c.conname || ' is not validated' FROM pg_catalog.pg_constraint c WHERE c.conname IN ('api_keys_user_state_fkey', 'sessions_user_state_fkey') AND c.connamespace = $n$${schema}$n$::regnamespace AND NOT c.convalidated

-- Keys and sessions that were there before, of users who are inactive: the few that have not the
-- default. Their users' states are held meanwhile, so that nobody is reactivated in between.
UPDATE ${schema}.api_keys k
SET user_is_active = false
FROM (SELECT user_id FROM ${schema}.user_states WHERE NOT is_active FOR KEY SHARE) s
WHERE k.user_id = s.user_id AND k.user_is_active;
UPDATE ${schema}.sessions k
SET user_is_active = false
FROM (SELECT user_id FROM ${schema}.user_states WHERE NOT is_active FOR KEY SHARE) s
WHERE k.user_id = s.user_id AND k.user_is_active;

-- Reads both tables, and stops neither their readers nor their writers.
ALTER TABLE ${schema}.api_keys VALIDATE CONSTRAINT api_keys_user_state_fkey;
ALTER TABLE ${schema}.sessions VALIDATE CONSTRAINT sessions_user_state_fkey;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 17, 'expanding');
