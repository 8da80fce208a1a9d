DROP TABLE ${schema}.sessions;
DROP TABLE ${schema}.api_keys;
