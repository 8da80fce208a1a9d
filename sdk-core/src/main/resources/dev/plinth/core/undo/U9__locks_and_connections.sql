DROP TABLE ${schema}.websocket_connections;
DROP TABLE ${schema}.locks;
