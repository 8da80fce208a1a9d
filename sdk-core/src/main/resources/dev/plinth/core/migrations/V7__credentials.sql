-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'credentials has no index ' || i FROM unnest(ARRAY['credentials_name_key', 'credentials_data_key_id_idx']) AS i WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.credentials$n$::regclass AND x.indisvalid AND c.relname = i)

CREATE TABLE ${schema}.credentials (
  id uuid PRIMARY KEY,
  tenant_id text
    CONSTRAINT credentials_tenant_id_check CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  integration_id text
    CONSTRAINT credentials_integration_id_check CHECK (char_length(integration_id) BETWEEN 1 AND 255),
  name text NOT NULL
    CONSTRAINT credentials_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
  type text NOT NULL
    CONSTRAINT credentials_type_check CHECK (type IN ('oauth2', 'api_key', 'basic_auth')),
  encrypted_data bytea NOT NULL
    CONSTRAINT credentials_encrypted_data_check CHECK (octet_length(encrypted_data) > 45),
  data_key_id uuid NOT NULL
    GENERATED ALWAYS AS (encode(substring(encrypted_data FROM 2 FOR 16), 'hex')::uuid) STORED,
  oauth_expires_at timestamptz,
  is_active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1
    CONSTRAINT credentials_version_check CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
CREATE UNIQUE INDEX credentials_name_key
  ON ${schema}.credentials (user_id, coalesce(integration_id, ''), name);
CREATE INDEX credentials_integration_id_idx ON ${schema}.credentials (integration_id);
CREATE INDEX credentials_type_idx ON ${schema}.credentials (type);
CREATE INDEX credentials_data_key_id_idx ON ${schema}.credentials (data_key_id);
CREATE TRIGGER credentials_updated_at
  BEFORE UPDATE ON ${schema}.credentials
  FOR EACH ROW EXECUTE FUNCTION ${schema}.update_updated_at_column();
COMMENT ON TABLE ${schema}.credentials IS 'Secrets of users for other systems, encrypted by the vault';
COMMENT ON COLUMN ${schema}.credentials.id IS 'UUIDv7';
COMMENT ON COLUMN ${schema}.credentials.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.credentials.user_id IS 'Whose it is';
COMMENT ON COLUMN ${schema}.credentials.integration_id IS 'The integration it is for, by the host''s own key';
COMMENT ON COLUMN ${schema}.credentials.name IS 'What people call it';
COMMENT ON COLUMN ${schema}.credentials.type IS 'oauth2, api_key or basic_auth';
COMMENT ON COLUMN ${schema}.credentials.encrypted_data IS 'The secret, AES-256-GCM under the vault';
COMMENT ON COLUMN ${schema}.credentials.data_key_id IS 'The data key it is encrypted under, read from the value';
COMMENT ON COLUMN ${schema}.credentials.oauth_expires_at IS 'When the access token of an oauth2 credential expires';
COMMENT ON COLUMN ${schema}.credentials.is_active IS 'False when it is not to be used';
COMMENT ON COLUMN ${schema}.credentials.version IS 'Counts changes, for optimistic locking';
COMMENT ON COLUMN ${schema}.credentials.created_at IS 'When it was stored';
COMMENT ON COLUMN ${schema}.credentials.updated_at IS 'When it last changed, set by trigger';
COMMENT ON COLUMN ${schema}.credentials.last_used_at IS 'When it was last opened; written at most once a minute';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 7, 'expanding');
