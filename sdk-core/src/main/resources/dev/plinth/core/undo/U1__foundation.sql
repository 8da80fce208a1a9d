DROP FUNCTION ${schema}.update_updated_at_column();
DROP TABLE ${schema}.schema_changes;
