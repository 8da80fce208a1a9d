-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'the foreign key ' || c.conname || ' is not validated' FROM pg_catalog.pg_constraint c WHERE c.conname IN ('api_keys_user_state_fkey', 'sessions_user_state_fkey') AND c.connamespace = $n$${schema}$n$::regnamespace AND NOT c.convalidated

-- Reads both tables, and stops neither their readers nor their writers.
ALTER TABLE ${schema}.api_keys VALIDATE CONSTRAINT api_keys_user_state_fkey;
ALTER TABLE ${schema}.sessions VALIDATE CONSTRAINT sessions_user_state_fkey;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 18, 'expanding');
