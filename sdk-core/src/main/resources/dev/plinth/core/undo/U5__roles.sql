DROP TRIGGER users_primary_role_change ON ${schema}.users;
DROP TRIGGER users_primary_role ON ${schema}.users;
DROP FUNCTION ${schema}.keep_primary_role();
DROP TABLE ${schema}.user_roles;
DROP TABLE ${schema}.role_parents;
DROP TABLE ${schema}.role_permissions;
DROP TABLE ${schema}.roles;
