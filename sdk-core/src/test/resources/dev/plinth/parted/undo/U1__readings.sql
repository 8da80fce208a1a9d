DROP TABLE ${schema}.readings;
DROP TABLE ${schema}.meters;
DROP FUNCTION ${schema}.refuse_truncate();
