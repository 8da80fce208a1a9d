-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'locks has a lease without a holder: ' || name FROM ${schema}.locks WHERE (holder IS NULL) <> (lease_until IS NULL)

CREATE TABLE ${schema}.locks (
  name text PRIMARY KEY
    CONSTRAINT locks_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
  fence bigint NOT NULL
    CONSTRAINT locks_fence_check CHECK (fence > 0),
  holder uuid,
  acquired_at timestamptz,
  lease_until timestamptz,
  CONSTRAINT locks_holder_check CHECK ((holder IS NULL) = (lease_until IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.locks IS 'Named leases of the host, on the database''s clock';
COMMENT ON COLUMN ${schema}.locks.name IS 'What is locked';
COMMENT ON COLUMN ${schema}.locks.fence IS 'Fencing number: grows by one with every acquisition, and never falls';
COMMENT ON COLUMN ${schema}.locks.holder IS 'The acquisition that holds it; null when nobody does';
COMMENT ON COLUMN ${schema}.locks.acquired_at IS 'When it was last acquired';
COMMENT ON COLUMN ${schema}.locks.lease_until IS 'Until when the holder has it';

CREATE TABLE ${schema}.websocket_connections (
  id uuid PRIMARY KEY,
  tenant_id text
    CONSTRAINT websocket_connections_tenant_id_check CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  session_id uuid,
  instance_id uuid NOT NULL,
  ip_address inet,
  user_agent text
    CONSTRAINT websocket_connections_user_agent_check CHECK (char_length(user_agent) BETWEEN 1 AND 1000),
  metadata jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT websocket_connections_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
  connected_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX websocket_connections_user_id_idx ON ${schema}.websocket_connections (user_id);
CREATE INDEX websocket_connections_instance_id_idx ON ${schema}.websocket_connections (instance_id);
COMMENT ON TABLE ${schema}.websocket_connections IS 'Live connections, each of the node that holds it';
COMMENT ON COLUMN ${schema}.websocket_connections.id IS 'UUIDv7';
COMMENT ON COLUMN ${schema}.websocket_connections.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.websocket_connections.user_id IS 'Who is connected';
COMMENT ON COLUMN ${schema}.websocket_connections.session_id IS 'The session it was opened with, if any';
COMMENT ON COLUMN ${schema}.websocket_connections.instance_id IS 'The instance that holds it; dead instances hold none';
COMMENT ON COLUMN ${schema}.websocket_connections.ip_address IS 'Where it comes from';
COMMENT ON COLUMN ${schema}.websocket_connections.user_agent IS 'The client, as it calls itself';
COMMENT ON COLUMN ${schema}.websocket_connections.metadata IS 'The host''s own data, a JSON object';
COMMENT ON COLUMN ${schema}.websocket_connections.connected_at IS 'When it was opened';
COMMENT ON COLUMN ${schema}.websocket_connections.last_seen_at IS 'Its last sign of life';
COMMENT ON COLUMN ${schema}.websocket_connections.expires_at IS 'Until when it is believed open';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 9, 'expanding');
