DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 9;
