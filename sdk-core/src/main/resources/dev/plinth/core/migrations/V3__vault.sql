-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'vault_data_keys holds several live data keys of epoch ' || epoch FROM ${schema}.vault_data_keys GROUP BY epoch HAVING count(*) > 1
-- plinth:grant vault_data_keys SELECT, INSERT, UPDATE (uses)
-- plinth:grant vault_retired_keys SELECT
-- plinth:grant vault_columns SELECT, INSERT, UPDATE

-- The data keys that encrypt values, each wrapped by a key of the host's key ring. Whoever drops a
-- row here makes everything encrypted under it unreadable.
CREATE TABLE ${schema}.vault_data_keys (
  id uuid PRIMARY KEY,
  epoch integer NOT NULL CHECK (epoch > 0),
  key_id text NOT NULL CHECK (char_length(key_id) BETWEEN 1 AND 100),
  wrapped bytea CHECK (octet_length(wrapped) > 0),
  uses bigint NOT NULL DEFAULT 0 CHECK (uses >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz CHECK (retired_at >= created_at),
  destroyed_at timestamptz CHECK (destroyed_at >= retired_at),
  CONSTRAINT vault_data_keys_epoch_key UNIQUE (epoch),
  CONSTRAINT vault_data_keys_destroyed_check CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
  CONSTRAINT vault_data_keys_retired_check CHECK (destroyed_at IS NULL OR retired_at IS NOT NULL)
);
COMMENT ON TABLE ${schema}.vault_data_keys IS 'Data keys of the vault, one per epoch, wrapped by a key of the key ring; never delete a row that a value still names';
COMMENT ON COLUMN ${schema}.vault_data_keys.id IS 'UUIDv7; stands in bytes 1 to 16 of every value encrypted under it';
COMMENT ON COLUMN ${schema}.vault_data_keys.epoch IS 'Counts data keys; new values are encrypted under the newest that the node''s current key wraps';
COMMENT ON COLUMN ${schema}.vault_data_keys.key_id IS 'The key of the key ring that wraps it; ids are not secret';
COMMENT ON COLUMN ${schema}.vault_data_keys.wrapped IS 'The data key, encrypted by the key ring or the KMS; null once destroyed';
COMMENT ON COLUMN ${schema}.vault_data_keys.uses IS 'Values encrypted under it, as far as nodes have reported; NIST SP 800-38D allows 2^32, and a new epoch begins at 2^31';
COMMENT ON COLUMN ${schema}.vault_data_keys.created_at IS 'When it was made';
COMMENT ON COLUMN ${schema}.vault_data_keys.retired_at IS 'Since when no node begins to encrypt under it; null while it is in use';
COMMENT ON COLUMN ${schema}.vault_data_keys.destroyed_at IS 'When its bytes were given up for good; what was still encrypted under it is lost';

CREATE TABLE ${schema}.vault_retired_keys (
  key_id text PRIMARY KEY CHECK (char_length(key_id) BETWEEN 1 AND 100),
  retired_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ${schema}.vault_retired_keys IS 'Keys of the key ring that wrap no data key any more and never will again';
COMMENT ON COLUMN ${schema}.vault_retired_keys.key_id IS 'The key''s id';
COMMENT ON COLUMN ${schema}.vault_retired_keys.retired_at IS 'Since when';

CREATE TABLE ${schema}.vault_columns (
  schema_name text NOT NULL,
  table_name text NOT NULL,
  column_name text NOT NULL,
  key_columns text[] NOT NULL CHECK (cardinality(key_columns) > 0),
  data_key_column text,
  registered_at timestamptz NOT NULL DEFAULT now(),
  target_id uuid,
  pass_started_at timestamptz,
  last_key text[],
  examined bigint NOT NULL DEFAULT 0,
  rotated bigint NOT NULL DEFAULT 0,
  contended bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  last_error text,
  pass_ended_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (schema_name, table_name, column_name),
  CONSTRAINT vault_columns_pass_check CHECK ((target_id IS NULL) = (pass_started_at IS NULL))
);
COMMENT ON TABLE ${schema}.vault_columns IS 'Every column that any node has declared as encrypted by the vault, and how far its rotation has come';
COMMENT ON COLUMN ${schema}.vault_columns.schema_name IS 'The table''s schema';
COMMENT ON COLUMN ${schema}.vault_columns.table_name IS 'The table';
COMMENT ON COLUMN ${schema}.vault_columns.column_name IS 'The column, of type bytea';
COMMENT ON COLUMN ${schema}.vault_columns.key_columns IS 'The columns that identify a row, and that its values are bound to';
COMMENT ON COLUMN ${schema}.vault_columns.data_key_column IS 'The generated column that holds the data key''s id of each value; null when the values themselves must be read';
COMMENT ON COLUMN ${schema}.vault_columns.registered_at IS 'When it was first declared';
COMMENT ON COLUMN ${schema}.vault_columns.target_id IS 'The data key that the rotation leads to; null before the first one';
COMMENT ON COLUMN ${schema}.vault_columns.pass_started_at IS 'When the present pass over the table began';
COMMENT ON COLUMN ${schema}.vault_columns.last_key IS 'The key of the last row examined in this pass; null at its beginning';
COMMENT ON COLUMN ${schema}.vault_columns.examined IS 'Rows examined in this pass';
COMMENT ON COLUMN ${schema}.vault_columns.rotated IS 'Values re-encrypted in this pass';
COMMENT ON COLUMN ${schema}.vault_columns.contended IS 'Values of this pass that others held locked or changed meanwhile; the next pass comes back to them';
COMMENT ON COLUMN ${schema}.vault_columns.failed IS 'Values of this pass that could not be decrypted';
COMMENT ON COLUMN ${schema}.vault_columns.last_error IS 'What is wrong with the last of those; never a secret';
COMMENT ON COLUMN ${schema}.vault_columns.pass_ended_at IS 'When the present pass came to the end of the table; null while it is under way';
COMMENT ON COLUMN ${schema}.vault_columns.finished_at IS 'When a pass that began after every node knew the target found nothing left to do; null while there is';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 3, 'expanding');
