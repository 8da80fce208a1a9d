DROP TABLE ${schema}.system_configuration_history;
DROP TABLE ${schema}.system_configuration;
