-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'api_keys has no index ' || i FROM unnest(ARRAY['api_keys_key_hash_key', 'api_keys_replaces_key']) AS i WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.api_keys$n$::regclass AND x.indisvalid AND c.relname = i)
-- plinth:validate SELECT 'sessions has no index ' || i FROM unnest(ARRAY['sessions_token_hash_key', 'sessions_user_id_idx']) AS i WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.sessions$n$::regclass AND x.indisvalid AND c.relname = i)

CREATE TABLE ${schema}.api_keys (
  id uuid PRIMARY KEY,
  tenant_id text
    CONSTRAINT api_keys_tenant_id_check CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  owner_type text NOT NULL
    CONSTRAINT api_keys_owner_type_check CHECK (owner_type IN ('user', 'node', 'service')),
  owner_id text NOT NULL
    CONSTRAINT api_keys_owner_id_check CHECK (char_length(owner_id) BETWEEN 1 AND 255),
  user_id uuid REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  name text NOT NULL
    CONSTRAINT api_keys_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
  prefix text NOT NULL
    CONSTRAINT api_keys_prefix_check CHECK (char_length(prefix) BETWEEN 1 AND 50),
  key_hash bytea NOT NULL
    CONSTRAINT api_keys_key_hash_check CHECK (octet_length(key_hash) = 32),
  scopes text[] NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT api_keys_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
  is_active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1
    CONSTRAINT api_keys_version_check CHECK (version > 0),
  replaces uuid REFERENCES ${schema}.api_keys (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
  CONSTRAINT api_keys_owner_check CHECK ((owner_type = 'user') = (user_id IS NOT NULL)),
  CONSTRAINT api_keys_revoked_check CHECK (is_active = (revoked_at IS NULL))
) WITH (fillfactor = 90);
CREATE INDEX api_keys_owner_idx ON ${schema}.api_keys (owner_type, owner_id, id);
CREATE INDEX api_keys_user_id_idx ON ${schema}.api_keys (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX api_keys_expires_at_idx ON ${schema}.api_keys (expires_at) WHERE is_active;
CREATE UNIQUE INDEX api_keys_replaces_key ON ${schema}.api_keys (replaces) WHERE replaces IS NOT NULL;
COMMENT ON TABLE ${schema}.api_keys IS 'API keys, by hash; a key itself is shown once and stored nowhere';
COMMENT ON COLUMN ${schema}.api_keys.id IS 'UUIDv7; not secret';
COMMENT ON COLUMN ${schema}.api_keys.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.api_keys.owner_type IS 'What owns it: user, node or service';
COMMENT ON COLUMN ${schema}.api_keys.owner_id IS 'Which one; for a user, its id as text';
COMMENT ON COLUMN ${schema}.api_keys.user_id IS 'The user who owns it; null for nodes and services';
COMMENT ON COLUMN ${schema}.api_keys.name IS 'What people call it';
COMMENT ON COLUMN ${schema}.api_keys.prefix IS 'What the key begins with, and four characters more, to recognise it by';
COMMENT ON COLUMN ${schema}.api_keys.key_hash IS 'SHA-256 of the whole key';
COMMENT ON COLUMN ${schema}.api_keys.scopes IS 'What it may be used for, in the host''s words';
COMMENT ON COLUMN ${schema}.api_keys.metadata IS 'The host''s own data, a JSON object';
COMMENT ON COLUMN ${schema}.api_keys.is_active IS 'False once revoked';
COMMENT ON COLUMN ${schema}.api_keys.version IS 'Counts changes, for optimistic locking; not those of last_used_at';
COMMENT ON COLUMN ${schema}.api_keys.replaces IS 'The key that this one was rotated from; each is rotated once';
COMMENT ON COLUMN ${schema}.api_keys.created_at IS 'When it was issued';
COMMENT ON COLUMN ${schema}.api_keys.expires_at IS 'From when it is refused; null when it does not expire';
COMMENT ON COLUMN ${schema}.api_keys.revoked_at IS 'When it was revoked';
COMMENT ON COLUMN ${schema}.api_keys.last_used_at IS 'When it was last used; written at most once a minute';

CREATE TABLE ${schema}.sessions (
  id uuid PRIMARY KEY,
  tenant_id text
    CONSTRAINT sessions_tenant_id_check CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  token_hash bytea NOT NULL
    CONSTRAINT sessions_token_hash_check CHECK (octet_length(token_hash) = 32),
  session_data jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT sessions_session_data_check CHECK (jsonb_typeof(session_data) = 'object'),
  device_type text
    CONSTRAINT sessions_device_type_check CHECK (char_length(device_type) BETWEEN 1 AND 50),
  device_name text
    CONSTRAINT sessions_device_name_check CHECK (char_length(device_name) BETWEEN 1 AND 255),
  ip_address inet,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_activity_at timestamptz NOT NULL DEFAULT now(),
  idle_timeout interval NOT NULL
    CONSTRAINT sessions_idle_timeout_check CHECK (idle_timeout > interval '0'),
  idle_expires_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1
    CONSTRAINT sessions_version_check CHECK (version > 0),
  ended_at timestamptz,
  CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
  CONSTRAINT sessions_ended_check CHECK (is_active = (ended_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX sessions_user_id_idx ON ${schema}.sessions (user_id, id);
COMMENT ON TABLE ${schema}.sessions IS 'Log-in sessions, by hash of their token';
COMMENT ON COLUMN ${schema}.sessions.id IS 'UUIDv7; not secret';
COMMENT ON COLUMN ${schema}.sessions.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.sessions.user_id IS 'Who is logged in';
COMMENT ON COLUMN ${schema}.sessions.token_hash IS 'SHA-256 of the token';
COMMENT ON COLUMN ${schema}.sessions.session_data IS 'The host''s own data, a JSON object';
COMMENT ON COLUMN ${schema}.sessions.device_type IS 'Such as browser, phone or cli';
COMMENT ON COLUMN ${schema}.sessions.device_name IS 'What people call the device';
COMMENT ON COLUMN ${schema}.sessions.ip_address IS 'Where it was begun from';
COMMENT ON COLUMN ${schema}.sessions.created_at IS 'When it began';
COMMENT ON COLUMN ${schema}.sessions.last_activity_at IS 'When it was last used; written when enough of the idle time has passed';
COMMENT ON COLUMN ${schema}.sessions.idle_timeout IS 'How long it may lie unused';
COMMENT ON COLUMN ${schema}.sessions.idle_expires_at IS 'When it ends if it is not used; moves on with use';
COMMENT ON COLUMN ${schema}.sessions.expires_at IS 'When it ends in any case';
COMMENT ON COLUMN ${schema}.sessions.is_active IS 'False once ended by hand';
COMMENT ON COLUMN ${schema}.sessions.version IS 'Counts changes of session_data, for optimistic locking';
COMMENT ON COLUMN ${schema}.sessions.ended_at IS 'When it was ended by hand';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 6, 'expanding');
