DROP TABLE ${schema}.audit_session_events;
DROP TABLE ${schema}.audit_sessions;
DROP TABLE ${schema}.audit_actions;
DROP FUNCTION ${schema}.audit_refuse_change();
