-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'nodes has no index nodes_tenant_id_name_key' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.nodes$n$::regclass AND x.indisvalid AND c.relname = 'nodes_tenant_id_name_key')

-- Machines that register once and stay. A heartbeat updates its node's row where it lies: no index
-- holds a column that it changes, and half of each page is kept free for that.
CREATE TABLE ${schema}.nodes (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  region text NOT NULL CHECK (char_length(region) BETWEEN 1 AND 100),
  ip_address inet,
  description text CHECK (char_length(description) <= 10000),
  status text NOT NULL DEFAULT 'inactive' CHECK (status IN ('active', 'inactive', 'error', 'offline')),
  switched_off boolean NOT NULL DEFAULT false,
  status_since timestamptz NOT NULL,
  api_key_id uuid REFERENCES ${schema}.api_keys (id) ON DELETE SET NULL,
  instance_id uuid,
  last_heartbeat timestamptz,
  config_hash text CHECK (char_length(config_hash) BETWEEN 1 AND 64),
  metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
  version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT nodes_switched_off_check CHECK (NOT switched_off OR status = 'inactive')
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX nodes_tenant_id_name_key ON ${schema}.nodes (COALESCE(tenant_id, ''), name);
CREATE UNIQUE INDEX nodes_api_key_id_key ON ${schema}.nodes (api_key_id) WHERE api_key_id IS NOT NULL;
CREATE INDEX nodes_tenant_id_id_idx ON ${schema}.nodes (tenant_id, id) WHERE tenant_id IS NOT NULL;
CREATE INDEX nodes_status_id_idx ON ${schema}.nodes (status, id);
CREATE INDEX nodes_region_id_idx ON ${schema}.nodes (region, id);
CREATE TRIGGER nodes_updated_at
  BEFORE UPDATE ON ${schema}.nodes
  FOR EACH ROW
  WHEN (OLD.version IS DISTINCT FROM NEW.version)
  EXECUTE FUNCTION ${schema}.update_updated_at_column();
COMMENT ON TABLE ${schema}.nodes IS 'Machines of the host''s that are registered to stay, whatever processes come and go on them';
COMMENT ON COLUMN ${schema}.nodes.id IS 'UUIDv7 of the node';
COMMENT ON COLUMN ${schema}.nodes.tenant_id IS 'Tenant it belongs to, or null';
COMMENT ON COLUMN ${schema}.nodes.name IS 'Its name, unique within its tenant; never changes';
COMMENT ON COLUMN ${schema}.nodes.region IS 'Where it stands, in the host''s words';
COMMENT ON COLUMN ${schema}.nodes.ip_address IS 'Its address, or null';
COMMENT ON COLUMN ${schema}.nodes.description IS 'What people say about it, or null';
COMMENT ON COLUMN ${schema}.nodes.status IS 'inactive: never heard of, or switched off; active: its last heartbeat was well; error: its last heartbeat told of an error; offline: its heartbeats stayed away';
COMMENT ON COLUMN ${schema}.nodes.switched_off IS 'True while somebody wants it inactive: heartbeats do not change that';
COMMENT ON COLUMN ${schema}.nodes.status_since IS 'When its status last changed';
COMMENT ON COLUMN ${schema}.nodes.api_key_id IS 'API key it acts with, or null; the key''s hash is in api_keys';
COMMENT ON COLUMN ${schema}.nodes.instance_id IS 'Instance that its last heartbeat named, or null; no foreign key, since nodes outlive instances';
COMMENT ON COLUMN ${schema}.nodes.last_heartbeat IS 'When it was last heard of, or null';
COMMENT ON COLUMN ${schema}.nodes.config_hash IS 'SHA-256 in hex of the configuration that it said last it runs with, or null';
COMMENT ON COLUMN ${schema}.nodes.metadata IS 'The host''s own data';
COMMENT ON COLUMN ${schema}.nodes.version IS 'Counts changes of what describes it, for optimistic locking; heartbeats do not count';
COMMENT ON COLUMN ${schema}.nodes.created_at IS 'When it was registered';
COMMENT ON COLUMN ${schema}.nodes.updated_at IS 'When what describes it last changed, set by trigger';

-- What each heartbeat said, in partitions of a day that are dropped.
CREATE TABLE ${schema}.node_heartbeats (
  id uuid NOT NULL,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  node_id uuid NOT NULL,
  config_hash text CHECK (char_length(config_hash) BETWEEN 1 AND 64),
  status text NOT NULL CHECK (char_length(status) BETWEEN 1 AND 50),
  error_message text,
  metrics jsonb,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX node_heartbeats_node_id_id_idx ON ${schema}.node_heartbeats (node_id, id);
COMMENT ON TABLE ${schema}.node_heartbeats IS 'Every heartbeat of a node, for as long as they are kept';
COMMENT ON COLUMN ${schema}.node_heartbeats.id IS 'UUIDv7 of the heartbeat; partition key';
COMMENT ON COLUMN ${schema}.node_heartbeats.tenant_id IS 'Tenant of the node, or null';
COMMENT ON COLUMN ${schema}.node_heartbeats.node_id IS 'The node; no foreign key, so that partitions can be dropped';
COMMENT ON COLUMN ${schema}.node_heartbeats.config_hash IS 'SHA-256 in hex of the configuration it runs with, or null';
COMMENT ON COLUMN ${schema}.node_heartbeats.status IS 'What it said about itself, in its own word';
COMMENT ON COLUMN ${schema}.node_heartbeats.error_message IS 'What is wrong with it, or null';
COMMENT ON COLUMN ${schema}.node_heartbeats.metrics IS 'What it measured, or null';
COMMENT ON COLUMN ${schema}.node_heartbeats.created_at IS 'When it was received';

-- The ids ascend with a node's transitions, because they are drawn under its row's lock; those made
-- from the clocks of machines would not.
CREATE TABLE ${schema}.node_lifecycle_logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  node_id uuid NOT NULL REFERENCES ${schema}.nodes (id) ON DELETE CASCADE,
  event_type text NOT NULL CHECK (event_type IN ('registered', 'came_online', 'went_offline', 'status_changed')),
  previous_status text CHECK (previous_status IN ('active', 'inactive', 'error', 'offline')),
  new_status text NOT NULL CHECK (new_status IN ('active', 'inactive', 'error', 'offline')),
  reason text,
  triggered_by text CHECK (char_length(triggered_by) BETWEEN 1 AND 100),
  extra_data jsonb,
  created_at timestamptz NOT NULL
);
CREATE INDEX node_lifecycle_logs_node_id_id_idx ON ${schema}.node_lifecycle_logs (node_id, id);
CREATE INDEX node_lifecycle_logs_created_at_idx ON ${schema}.node_lifecycle_logs (created_at);
COMMENT ON TABLE ${schema}.node_lifecycle_logs IS 'Every change of a node''s status, written in the transaction that made it';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.id IS 'Order of a node''s changes';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.tenant_id IS 'Tenant of the node, or null';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.node_id IS 'The node';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.event_type IS 'registered; came_online: heard of after it was inactive or offline; went_offline; status_changed: any other';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.previous_status IS 'Its status until then; null when it was registered';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.new_status IS 'Its status from then on';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.reason IS 'Why, for people; or null';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.triggered_by IS 'heartbeat, system (its heartbeats stayed away), manual, or who it was; or null';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.extra_data IS 'More about it, or null';
COMMENT ON COLUMN ${schema}.node_lifecycle_logs.created_at IS 'When it changed';

-- What a node is to run with; what it does run with is in nodes.config_hash.
CREATE TABLE ${schema}.node_configurations (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  node_id uuid NOT NULL REFERENCES ${schema}.nodes (id) ON DELETE CASCADE,
  config text NOT NULL,
  config_hash text NOT NULL CHECK (char_length(config_hash) BETWEEN 1 AND 64),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL
);
CREATE INDEX node_configurations_node_id_id_idx ON ${schema}.node_configurations (node_id, id);
CREATE UNIQUE INDEX node_configurations_active_key ON ${schema}.node_configurations (node_id) WHERE is_active;
COMMENT ON TABLE ${schema}.node_configurations IS 'Configurations of nodes, one of each in force';
COMMENT ON COLUMN ${schema}.node_configurations.id IS 'UUIDv7 of the configuration';
COMMENT ON COLUMN ${schema}.node_configurations.tenant_id IS 'Tenant of the node, or null';
COMMENT ON COLUMN ${schema}.node_configurations.node_id IS 'The node';
COMMENT ON COLUMN ${schema}.node_configurations.config IS 'The configuration, YAML or whatever the node reads; no place for secrets';
COMMENT ON COLUMN ${schema}.node_configurations.config_hash IS 'SHA-256 of config in hex';
COMMENT ON COLUMN ${schema}.node_configurations.is_active IS 'Whether it is the one in force';
COMMENT ON COLUMN ${schema}.node_configurations.created_at IS 'When it was put in force';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 4, 'expanding');
