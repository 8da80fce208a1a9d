-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'users has no index ' || i FROM unnest(ARRAY['users_email_key', 'users_external_id_key', 'users_username_key']) AS i WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.users$n$::regclass AND x.indisvalid AND c.relname = i)

CREATE TABLE ${schema}.users (
  id uuid PRIMARY KEY,
  tenant_id text
    CONSTRAINT users_tenant_id_check CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  external_id text
    CONSTRAINT users_external_id_check CHECK (char_length(external_id) BETWEEN 1 AND 255),
  email text
    CONSTRAINT users_email_check CHECK (
      char_length(email) <= 255
      AND email ~ '^[A-Za-z0-9._%+''-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$'),
  username text
    CONSTRAINT users_username_check CHECK (
      char_length(username) BETWEEN 1 AND 100
      AND username !~ '[[:space:][:cntrl:]]'),
  full_name text
    CONSTRAINT users_full_name_check CHECK (char_length(full_name) BETWEEN 1 AND 255),
  picture text
    CONSTRAINT users_picture_check CHECK (char_length(picture) BETWEEN 1 AND 2048),
  role text NOT NULL DEFAULT 'user'
    CONSTRAINT users_role_check CHECK (char_length(role) BETWEEN 1 AND 50),
  role_override boolean NOT NULL DEFAULT false,
  auth_provider text NOT NULL DEFAULT 'local'
    CONSTRAINT users_auth_provider_check CHECK (char_length(auth_provider) BETWEEN 1 AND 50),
  password_hash text
    CONSTRAINT users_password_hash_check CHECK (char_length(password_hash) BETWEEN 1 AND 255),
  is_active boolean NOT NULL DEFAULT true,
  is_verified boolean NOT NULL DEFAULT false,
  last_login_at timestamptz,
  settings jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT users_settings_check CHECK (jsonb_typeof(settings) = 'object'),
  metadata jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT users_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
  version bigint NOT NULL DEFAULT 1
    CONSTRAINT users_version_check CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_known_check CHECK (num_nonnulls(external_id, email, username) > 0)
);

-- No tenant is a tenant like any other here, hence coalesce: PostgreSQL 14 has no NULLS NOT
-- DISTINCT. Addresses are ASCII, and the collation "C" folds them alike in every locale.
CREATE UNIQUE INDEX users_email_key
  ON ${schema}.users (coalesce(tenant_id, ''), lower(email COLLATE "C"))
  WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_external_id_key
  ON ${schema}.users (coalesce(tenant_id, ''), external_id)
  WHERE external_id IS NOT NULL;
-- Partial, as the two above: only then is the name no key column to PostgreSQL, and changing it
-- does not wait for whoever holds a row that refers to the user.
CREATE UNIQUE INDEX users_username_key ON ${schema}.users (username) WHERE username IS NOT NULL;
CREATE INDEX users_tenant_id_idx ON ${schema}.users (coalesce(tenant_id, ''), id);
CREATE INDEX users_created_at_idx ON ${schema}.users (created_at);

CREATE TRIGGER users_updated_at
  BEFORE UPDATE ON ${schema}.users
  FOR EACH ROW EXECUTE FUNCTION ${schema}.update_updated_at_column();

COMMENT ON TABLE ${schema}.users IS 'Accounts';
COMMENT ON COLUMN ${schema}.users.id IS 'UUIDv7, Plinth''s own key';
COMMENT ON COLUMN ${schema}.users.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.users.external_id IS 'The host''s own key; unique per tenant';
COMMENT ON COLUMN ${schema}.users.email IS 'Address as given; unique without regard to case, per tenant';
COMMENT ON COLUMN ${schema}.users.username IS 'Name to log in with; unique in the installation';
COMMENT ON COLUMN ${schema}.users.full_name IS 'Display name';
COMMENT ON COLUMN ${schema}.users.picture IS 'Address of a picture';
COMMENT ON COLUMN ${schema}.users.role IS 'Primary role';
COMMENT ON COLUMN ${schema}.users.role_override IS 'True when an administrator set the role: no mapping of single sign-on undoes it';
COMMENT ON COLUMN ${schema}.users.auth_provider IS 'Who authenticates it: local, or a provider''s name';
COMMENT ON COLUMN ${schema}.users.password_hash IS 'Hash of the password; null for single sign-on';
COMMENT ON COLUMN ${schema}.users.is_active IS 'False once deactivated';
COMMENT ON COLUMN ${schema}.users.is_verified IS 'Whether the address was confirmed';
COMMENT ON COLUMN ${schema}.users.last_login_at IS 'Last log-in';
COMMENT ON COLUMN ${schema}.users.settings IS 'The user''s preferences, a JSON object';
COMMENT ON COLUMN ${schema}.users.metadata IS 'The host''s own data, a JSON object';
COMMENT ON COLUMN ${schema}.users.version IS 'Counts changes, for optimistic locking';
COMMENT ON COLUMN ${schema}.users.created_at IS 'When it was created';
COMMENT ON COLUMN ${schema}.users.updated_at IS 'When it last changed, set by trigger';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 2, 'expanding');
