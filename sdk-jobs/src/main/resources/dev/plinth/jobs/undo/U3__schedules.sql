DROP TABLE ${schema}.job_schedules;
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 3;
