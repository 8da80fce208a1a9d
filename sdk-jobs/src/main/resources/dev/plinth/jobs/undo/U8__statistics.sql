DROP TABLE ${schema}.job_handlers;
DROP TABLE ${schema}.job_marks;
DROP TABLE ${schema}.job_statistics;
DROP TABLE ${schema}.job_count_deltas;
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 8;
