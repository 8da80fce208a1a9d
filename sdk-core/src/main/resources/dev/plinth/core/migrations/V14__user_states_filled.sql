-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'user_states is empty, and users is not' WHERE EXISTS (SELECT FROM ${schema}.users) AND NOT EXISTS (SELECT FROM ${schema}.user_states)

-- Users who are created or change meanwhile have their row by the triggers, which came before this
-- snapshot. It keeps nobody waiting: users is read only.
INSERT INTO ${schema}.user_states (user_id, is_active)
SELECT id, is_active FROM ${schema}.users
ON CONFLICT (user_id) DO NOTHING;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 14, 'expanding');
