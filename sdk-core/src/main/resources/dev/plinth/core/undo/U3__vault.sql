DROP TABLE ${schema}.vault_columns;
DROP TABLE ${schema}.vault_retired_keys;
DROP TABLE ${schema}.vault_data_keys;
