-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'a user''s primary role is missing in user_roles: ' || u.id FROM ${schema}.users u WHERE NOT EXISTS (SELECT FROM ${schema}.user_roles r WHERE r.user_id = u.id AND r.role = u.role AND r.is_primary)

-- Roles, what they permit, and who has them. They are the installation's own and have no tenant.
CREATE TABLE ${schema}.roles (
  name text PRIMARY KEY
    CONSTRAINT roles_name_check CHECK (char_length(name) BETWEEN 1 AND 50),
  description text
    CONSTRAINT roles_description_check CHECK (char_length(description) BETWEEN 1 AND 1000),
  is_builtin boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ${schema}.roles IS 'Roles of the installation';
COMMENT ON COLUMN ${schema}.roles.name IS 'The role; users.role and user_roles.role name it';
COMMENT ON COLUMN ${schema}.roles.description IS 'For people';
COMMENT ON COLUMN ${schema}.roles.is_builtin IS 'True for roles that Plinth brings and that cannot be dropped';
COMMENT ON COLUMN ${schema}.roles.created_at IS 'When it was defined';
COMMENT ON COLUMN ${schema}.roles.updated_at IS 'When it last changed, set by trigger';
CREATE TRIGGER roles_updated_at
  BEFORE UPDATE ON ${schema}.roles
  FOR EACH ROW EXECUTE FUNCTION ${schema}.update_updated_at_column();

CREATE TABLE ${schema}.role_permissions (
  role text NOT NULL REFERENCES ${schema}.roles (name) ON UPDATE CASCADE ON DELETE CASCADE,
  permission text NOT NULL
    CONSTRAINT role_permissions_permission_check CHECK (char_length(permission) BETWEEN 1 AND 100),
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (role, permission)
);
COMMENT ON TABLE ${schema}.role_permissions IS 'What a role permits';
COMMENT ON COLUMN ${schema}.role_permissions.role IS 'The role';
COMMENT ON COLUMN ${schema}.role_permissions.permission IS 'What it permits, such as node.delete; node.* permits all that begins with node.';
COMMENT ON COLUMN ${schema}.role_permissions.granted_at IS 'Since when';

CREATE TABLE ${schema}.role_parents (
  role text NOT NULL REFERENCES ${schema}.roles (name) ON UPDATE CASCADE ON DELETE CASCADE,
  parent text NOT NULL REFERENCES ${schema}.roles (name) ON UPDATE CASCADE ON DELETE CASCADE,
  PRIMARY KEY (role, parent),
  CONSTRAINT role_parents_self_check CHECK (role <> parent)
);
CREATE INDEX role_parents_parent_idx ON ${schema}.role_parents (parent);
COMMENT ON TABLE ${schema}.role_parents IS 'The hierarchy of roles: a role permits all that its parents permit';
COMMENT ON COLUMN ${schema}.role_parents.role IS 'The role that inherits';
COMMENT ON COLUMN ${schema}.role_parents.parent IS 'The role that it inherits from';

CREATE TABLE ${schema}.user_roles (
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  role text NOT NULL REFERENCES ${schema}.roles (name) ON UPDATE CASCADE ON DELETE RESTRICT,
  is_primary boolean NOT NULL DEFAULT false,
  granted_by uuid,
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, role)
);
CREATE INDEX user_roles_role_idx ON ${schema}.user_roles (role);
CREATE UNIQUE INDEX user_roles_primary_key ON ${schema}.user_roles (user_id) WHERE is_primary;
COMMENT ON TABLE ${schema}.user_roles IS 'The roles of users';
COMMENT ON COLUMN ${schema}.user_roles.user_id IS 'The user';
COMMENT ON COLUMN ${schema}.user_roles.role IS 'The role';
COMMENT ON COLUMN ${schema}.user_roles.is_primary IS 'True for the one that stands in users.role; kept by trigger';
COMMENT ON COLUMN ${schema}.user_roles.granted_by IS 'The user who granted it; null when nobody in particular';
COMMENT ON COLUMN ${schema}.user_roles.granted_at IS 'Since when';

INSERT INTO ${schema}.roles (name, description, is_builtin) VALUES
  ('user', 'What a user is unless told otherwise', true),
  ('superuser', 'May do everything', true);
INSERT INTO ${schema}.roles (name)
  SELECT DISTINCT role FROM ${schema}.users
  ON CONFLICT (name) DO NOTHING;
INSERT INTO ${schema}.user_roles (user_id, role, is_primary)
  SELECT id, role, true FROM ${schema}.users;

-- users.role and the primary row of user_roles say the same, whoever writes the former.
CREATE FUNCTION ${schema}.keep_primary_role() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM ${schema}.user_roles WHERE user_id = NEW.id AND is_primary;
  END IF;
  INSERT INTO ${schema}.user_roles (user_id, role, is_primary)
  VALUES (NEW.id, NEW.role, true)
  ON CONFLICT (user_id, role) DO UPDATE SET is_primary = true;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION ${schema}.keep_primary_role() IS 'Trigger function of users: keeps the primary row of user_roles equal to users.role';
CREATE TRIGGER users_primary_role
  AFTER INSERT ON ${schema}.users
  FOR EACH ROW EXECUTE FUNCTION ${schema}.keep_primary_role();
CREATE TRIGGER users_primary_role_change
  AFTER UPDATE OF role ON ${schema}.users
  FOR EACH ROW WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION ${schema}.keep_primary_role();

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 5, 'expanding');
