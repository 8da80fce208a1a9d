DROP TABLE ${schema}.node_configurations;
DROP TABLE ${schema}.node_lifecycle_logs;
DROP TABLE ${schema}.node_heartbeats;
DROP TABLE ${schema}.nodes;
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 4;
