DROP TABLE ${schema}.job_progress;
DROP TABLE ${schema}.job_leases;
DROP TABLE ${schema}.job_delayed;
DROP TABLE ${schema}.job_ready;
DROP TABLE ${schema}.job_attempts;
DROP TABLE ${schema}.computational_jobs;
DROP TABLE ${schema}.batch_deltas;
DROP TABLE ${schema}.batch_job_collections;
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 1;
