DROP FUNCTION ${schema}.make_partition(text, date);
DROP TABLE ${schema}.partitioned_tables;
DROP TABLE ${schema}.maintenance_tasks;
DROP TABLE ${schema}.instances;
