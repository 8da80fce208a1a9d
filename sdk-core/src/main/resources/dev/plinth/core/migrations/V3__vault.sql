-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'vault_data_keys holds several live data keys of epoch ' || epoch FROM ${schema}.vault_data_keys GROUP BY epoch HAVING count(*) > 1
-- plinth:grant vault_data_keys SELECT, INSERT

-- The data keys that encrypt values, each wrapped by a key of the host's key ring. Whoever drops a
-- row here makes everything encrypted under it unreadable.
CREATE TABLE ${schema}.vault_data_keys (
  id uuid PRIMARY KEY,
  epoch integer NOT NULL CHECK (epoch > 0),
  key_id text NOT NULL CHECK (char_length(key_id) BETWEEN 1 AND 100),
  wrapped bytea NOT NULL CHECK (octet_length(wrapped) > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz CHECK (retired_at >= created_at),
  CONSTRAINT vault_data_keys_epoch_key UNIQUE (epoch)
);
COMMENT ON TABLE ${schema}.vault_data_keys IS 'Data keys of the vault, one per epoch, wrapped by a key of the key ring; never delete a row that a value still names';
COMMENT ON COLUMN ${schema}.vault_data_keys.id IS 'UUIDv7; stands in bytes 1 to 16 of every value encrypted under it';
COMMENT ON COLUMN ${schema}.vault_data_keys.epoch IS 'Counts data keys; new values are encrypted under the newest that the node''s current key wraps';
COMMENT ON COLUMN ${schema}.vault_data_keys.key_id IS 'The key of the key ring that wraps it; ids are not secret';
COMMENT ON COLUMN ${schema}.vault_data_keys.wrapped IS 'The data key, encrypted by the key ring or the KMS';
COMMENT ON COLUMN ${schema}.vault_data_keys.created_at IS 'When it was made';
COMMENT ON COLUMN ${schema}.vault_data_keys.retired_at IS 'Since when nothing new is encrypted under it; null while it is in use';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 3, 'expanding');
