-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:grant changes SELECT, DELETE
-- plinth:grant role_hierarchy SELECT, UPDATE
-- plinth:validate SELECT 'users and user_roles lack the trigger ' || t FROM unnest(ARRAY['users_primary_role', 'users_primary_role_change', 'user_roles_primary']) AS t WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid IN ($n$${schema}.users$n$::regclass, $n$${schema}.user_roles$n$::regclass) AND g.tgname = t AND g.tgenabled <> 'D')

-- What the caches of every node must forget. Triggers write it in the transaction of the change, so
-- that the host's own SQL counts as well; each node reads, once a second, what has become visible
-- since its last snapshot.
CREATE TABLE ${schema}.changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  topic text NOT NULL
    CONSTRAINT changes_topic_check CHECK (char_length(topic) BETWEEN 1 AND 50),
  key text
    CONSTRAINT changes_key_check CHECK (char_length(key) BETWEEN 1 AND 255),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX changes_transaction_id_idx ON ${schema}.changes (transaction_id);
COMMENT ON TABLE ${schema}.changes IS 'What the caches of every node must forget; written by triggers, kept for some minutes';
COMMENT ON COLUMN ${schema}.changes.id IS 'Its number';
COMMENT ON COLUMN ${schema}.changes.transaction_id IS 'The transaction that wrote it: what tells whether a snapshot has seen it';
COMMENT ON COLUMN ${schema}.changes.topic IS 'Which cache: permissions or configuration';
COMMENT ON COLUMN ${schema}.changes.key IS 'Which entry; null for all of them';
COMMENT ON COLUMN ${schema}.changes.changed_at IS 'When it was written';

CREATE FUNCTION ${schema}.note_change() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  before text;
  after text;
BEGIN
  IF TG_LEVEL = 'STATEMENT' THEN
    INSERT INTO ${schema}.changes (topic) VALUES (TG_ARGV[0]);
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    before := to_jsonb(OLD) ->> TG_ARGV[1];
    INSERT INTO ${schema}.changes (topic, key) VALUES (TG_ARGV[0], before);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    after := to_jsonb(NEW) ->> TG_ARGV[1];
    IF after IS DISTINCT FROM before THEN
      INSERT INTO ${schema}.changes (topic, key) VALUES (TG_ARGV[0], after);
    END IF;
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION ${schema}.note_change() IS 'Trigger function: notes in changes what caches must forget; takes the topic and, for rows, the key''s column';
-- Firing the trigger asks for no EXECUTE; attaching the function to a table of one's own does.
REVOKE ALL ON FUNCTION ${schema}.note_change() FROM PUBLIC;

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
  role text NOT NULL REFERENCES ${schema}.roles (name) ON DELETE CASCADE,
  permission text NOT NULL
    CONSTRAINT role_permissions_permission_check CHECK (
      char_length(permission) <= 100
      AND permission ~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?$'),
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (role, permission)
);
COMMENT ON TABLE ${schema}.role_permissions IS 'What a role permits';
COMMENT ON COLUMN ${schema}.role_permissions.role IS 'The role';
COMMENT ON COLUMN ${schema}.role_permissions.permission IS 'What it permits, such as node.delete; node.* permits all that begins with node.';
COMMENT ON COLUMN ${schema}.role_permissions.granted_at IS 'Since when';
CREATE TRIGGER role_permissions_changed
  AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${schema}.role_permissions
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.note_change('permissions');

CREATE TABLE ${schema}.role_parents (
  role text NOT NULL REFERENCES ${schema}.roles (name) ON DELETE CASCADE,
  parent text NOT NULL REFERENCES ${schema}.roles (name) ON DELETE RESTRICT,
  PRIMARY KEY (role, parent),
  CONSTRAINT role_parents_self_check CHECK (role <> parent)
);
CREATE INDEX role_parents_parent_idx ON ${schema}.role_parents (parent);
COMMENT ON TABLE ${schema}.role_parents IS 'The hierarchy of roles: a role permits all that its parents permit';
COMMENT ON COLUMN ${schema}.role_parents.role IS 'The role that inherits';
COMMENT ON COLUMN ${schema}.role_parents.parent IS 'The role that it inherits from';
CREATE TRIGGER role_parents_changed
  AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${schema}.role_parents
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.note_change('permissions');

-- Whoever adds to the hierarchy writes this row first. Two transactions that would close a cycle
-- together, each with an edge that the other does not see, therefore wait for each other, and one
-- under REPEATABLE READ fails to serialize; a lock alone would not tell it that its snapshot is old.
CREATE TABLE ${schema}.role_hierarchy (
  only_row boolean PRIMARY KEY DEFAULT true
    CONSTRAINT role_hierarchy_only_row_check CHECK (only_row),
  version bigint NOT NULL DEFAULT 1
    CONSTRAINT role_hierarchy_version_check CHECK (version > 0)
);
COMMENT ON TABLE ${schema}.role_hierarchy IS 'One row, written by everyone who adds to role_parents, so that one adds after the other';
COMMENT ON COLUMN ${schema}.role_hierarchy.only_row IS 'Always true';
COMMENT ON COLUMN ${schema}.role_hierarchy.version IS 'Counts additions';
INSERT INTO ${schema}.role_hierarchy DEFAULT VALUES;

CREATE FUNCTION ${schema}.refuse_role_cycle() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE ${schema}.role_hierarchy SET version = version + 1;
  IF EXISTS (
    WITH RECURSIVE above (role) AS (
      SELECT NEW.parent
      UNION
      SELECT p.parent
      FROM above a
      JOIN ${schema}.role_parents p ON p.role = a.role)
    SELECT FROM above WHERE role = NEW.role)
  THEN
    RAISE EXCEPTION 'role % inherits from role % already: this would close a cycle', NEW.parent, NEW.role
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION ${schema}.refuse_role_cycle() IS 'Trigger function of role_parents: refuses a cycle, also one that two transactions would close together';
REVOKE ALL ON FUNCTION ${schema}.refuse_role_cycle() FROM PUBLIC;
CREATE TRIGGER role_parents_cycle
  BEFORE INSERT OR UPDATE ON ${schema}.role_parents
  FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse_role_cycle();

CREATE TABLE ${schema}.user_roles (
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  role text NOT NULL REFERENCES ${schema}.roles (name) ON DELETE RESTRICT,
  granted_by uuid,
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, role)
);
CREATE INDEX user_roles_role_idx ON ${schema}.user_roles (role, user_id);
COMMENT ON TABLE ${schema}.user_roles IS 'The roles of users, the primary one of users.role among them';
COMMENT ON COLUMN ${schema}.user_roles.user_id IS 'The user';
COMMENT ON COLUMN ${schema}.user_roles.role IS 'The role';
COMMENT ON COLUMN ${schema}.user_roles.granted_by IS 'The user who granted it; null when nobody in particular';
COMMENT ON COLUMN ${schema}.user_roles.granted_at IS 'Since when';

INSERT INTO ${schema}.roles (name, description, is_builtin) VALUES
  ('user', 'What a user is unless told otherwise', true),
  ('superuser', 'May do everything', true);
INSERT INTO ${schema}.roles (name)
  SELECT DISTINCT role FROM ${schema}.users
  ON CONFLICT (name) DO NOTHING;
INSERT INTO ${schema}.user_roles (user_id, role)
  SELECT id, role FROM ${schema}.users;

-- users.role always stands in user_roles as well, whoever writes the one or the other. A new primary
-- role replaces the old one. The update of an existing row locks it, so that whoever deletes it at
-- the same time waits, and finds that it has become the primary one.
CREATE FUNCTION ${schema}.keep_primary_role() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Nobody has cached a user who was not there: see the trigger user_roles_granted.
    PERFORM set_config('plinth.creating_user', NEW.id::text, true);
    INSERT INTO ${schema}.user_roles (user_id, role) VALUES (NEW.id, NEW.role);
    PERFORM set_config('plinth.creating_user', '', true);
  ELSE
    INSERT INTO ${schema}.user_roles AS held (user_id, role) VALUES (NEW.id, NEW.role)
    ON CONFLICT (user_id, role) DO UPDATE SET granted_at = held.granted_at;
    DELETE FROM ${schema}.user_roles WHERE user_id = NEW.id AND role = OLD.role;
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION ${schema}.keep_primary_role() IS 'Trigger function of users: keeps users.role in user_roles';
REVOKE ALL ON FUNCTION ${schema}.keep_primary_role() FROM PUBLIC;
CREATE TRIGGER users_primary_role
  AFTER INSERT ON ${schema}.users
  FOR EACH ROW EXECUTE FUNCTION ${schema}.keep_primary_role();
CREATE TRIGGER users_primary_role_change
  AFTER UPDATE OF role ON ${schema}.users
  FOR EACH ROW WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION ${schema}.keep_primary_role();

-- Runs as the owner, since row-level security may hide the user from whoever deletes.
CREATE FUNCTION ${schema}.guard_primary_role() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.user_id = OLD.user_id AND NEW.role = OLD.role THEN
    RETURN NEW;
  END IF;
  IF EXISTS (SELECT FROM ${schema}.users WHERE id = OLD.user_id AND role = OLD.role) THEN
    RAISE EXCEPTION 'role % is the primary role of user %', OLD.role, OLD.user_id
      USING ERRCODE = 'restrict_violation', HINT = 'give users.role another value: that replaces this row';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION ${schema}.guard_primary_role() IS 'Trigger function of user_roles: refuses to take away the role that users.role names';
REVOKE ALL ON FUNCTION ${schema}.guard_primary_role() FROM PUBLIC;
CREATE TRIGGER user_roles_primary
  BEFORE DELETE OR UPDATE OF user_id, role ON ${schema}.user_roles
  FOR EACH ROW EXECUTE FUNCTION ${schema}.guard_primary_role();

CREATE TRIGGER user_roles_granted
  AFTER INSERT ON ${schema}.user_roles
  FOR EACH ROW WHEN (current_setting('plinth.creating_user', true) IS DISTINCT FROM NEW.user_id::text)
  EXECUTE FUNCTION ${schema}.note_change('permissions', 'user_id');
CREATE TRIGGER user_roles_revoked
  AFTER DELETE OR UPDATE OF user_id, role ON ${schema}.user_roles
  FOR EACH ROW EXECUTE FUNCTION ${schema}.note_change('permissions', 'user_id');
CREATE TRIGGER users_activity_changed
  AFTER UPDATE OF is_active ON ${schema}.users
  FOR EACH ROW WHEN (OLD.is_active IS DISTINCT FROM NEW.is_active)
  EXECUTE FUNCTION ${schema}.note_change('permissions', 'id');

-- What can(user, permission) is answered from. Runs as the owner: what a user may do does not depend
-- on the tenant that the asking transaction names.
CREATE FUNCTION ${schema}.permissions_of(
  of_user uuid,
  OUT is_active boolean,
  OUT roles text[],
  OUT permissions text[])
  LANGUAGE sql
  STABLE
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE held (role) AS (
    SELECT r.role
    FROM ${schema}.user_roles r
    WHERE r.user_id = of_user
    UNION
    SELECT p.parent
    FROM held h
    JOIN ${schema}.role_parents p ON p.role = h.role)
  SELECT
    (SELECT u.is_active FROM ${schema}.users u WHERE u.id = of_user),
    ARRAY(SELECT h.role FROM held h),
    ARRAY(
      SELECT DISTINCT p.permission
      FROM held h
      JOIN ${schema}.role_permissions p ON p.role = h.role)
$$;
COMMENT ON FUNCTION ${schema}.permissions_of(uuid) IS 'The roles of a user, inherited ones included, and what they permit; is_active is null when there is no such user';
REVOKE ALL ON FUNCTION ${schema}.permissions_of(uuid) FROM PUBLIC;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 5, 'expanding');
