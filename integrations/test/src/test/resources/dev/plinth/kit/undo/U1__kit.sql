DROP TABLE ${schema}.entries;
DROP TABLE ${schema}.kinds;
DROP FUNCTION ${schema}.refuse();
DELETE FROM ${schema}.schema_changes WHERE module = 'kit' AND version = 1;
