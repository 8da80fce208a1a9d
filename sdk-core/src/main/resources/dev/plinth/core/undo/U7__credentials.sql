DROP TABLE ${schema}.credentials;
