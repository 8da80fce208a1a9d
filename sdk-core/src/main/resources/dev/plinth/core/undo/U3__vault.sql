DROP TABLE ${schema}.vault_data_keys;
