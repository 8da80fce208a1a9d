-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'token ' || id || ' is active without an access token' FROM ${schema}.oauth2_tokens WHERE status = 'active' AND access_token IS NULL

CREATE TABLE ${schema}.oauth2_providers (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,49}$'),
  token_endpoint text NOT NULL CHECK (length(token_endpoint) <= 2048),
  revocation_endpoint text CHECK (length(revocation_endpoint) <= 2048),
  client_id text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 1000),
  client_authentication text NOT NULL
    CHECK (client_authentication IN ('client_secret_basic', 'client_secret_post', 'none')),
  client_secret bytea,
  default_expiry_ms bigint NOT NULL CHECK (default_expiry_ms > 0),
  http_timeout_ms bigint NOT NULL CHECK (http_timeout_ms > 0),
  breaker_until timestamptz,
  breaker_error text,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX oauth2_providers_name ON ${schema}.oauth2_providers (name, (coalesce(tenant_id, '')));
CREATE TRIGGER oauth2_providers_updated_at BEFORE UPDATE ON ${schema}.oauth2_providers
  FOR EACH ROW EXECUTE FUNCTION ${schema}.update_updated_at_column();
COMMENT ON TABLE ${schema}.oauth2_providers IS 'Authorization servers and this installation''s client at each';
COMMENT ON COLUMN ${schema}.oauth2_providers.id IS 'UUIDv7';
COMMENT ON COLUMN ${schema}.oauth2_providers.tenant_id IS 'The tenant whose client this is; null for every tenant without one of its own';
COMMENT ON COLUMN ${schema}.oauth2_providers.name IS 'What the host calls the provider, such as google; never changes';
COMMENT ON COLUMN ${schema}.oauth2_providers.token_endpoint IS 'Where tokens are refreshed (RFC 6749, section 3.2)';
COMMENT ON COLUMN ${schema}.oauth2_providers.revocation_endpoint IS 'Where tokens are revoked (RFC 7009), if the provider does that';
COMMENT ON COLUMN ${schema}.oauth2_providers.client_id IS 'The client''s id at the provider';
COMMENT ON COLUMN ${schema}.oauth2_providers.client_authentication IS 'How the client shows its secret: client_secret_basic, client_secret_post, or none for a public client';
COMMENT ON COLUMN ${schema}.oauth2_providers.client_secret IS 'The client''s secret, encrypted by the vault';
COMMENT ON COLUMN ${schema}.oauth2_providers.default_expiry_ms IS 'Lifetime of an access token whose answer names none, in milliseconds';
COMMENT ON COLUMN ${schema}.oauth2_providers.http_timeout_ms IS 'Deadline of one call, in milliseconds; shorter than the refresh lease';
COMMENT ON COLUMN ${schema}.oauth2_providers.breaker_until IS 'No refresh is sent before this time, since the client''s settings were refused; null when all is well';
COMMENT ON COLUMN ${schema}.oauth2_providers.breaker_error IS 'The error that opened the breaker';
COMMENT ON COLUMN ${schema}.oauth2_providers.version IS 'Counts changes of the settings';
COMMENT ON COLUMN ${schema}.oauth2_providers.created_at IS 'When it was first saved';
COMMENT ON COLUMN ${schema}.oauth2_providers.updated_at IS 'When it last changed';

CREATE TABLE ${schema}.oauth2_tokens (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  provider text NOT NULL,
  provider_id uuid NOT NULL REFERENCES ${schema}.oauth2_providers (id) ON DELETE RESTRICT,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'needs_consent', 'revoked')),
  status_reason text,
  access_token bytea,
  refresh_token bytea,
  id_token bytea,
  token_type text NOT NULL DEFAULT 'Bearer',
  scopes text[] NOT NULL DEFAULT '{}',
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  granted_version bigint NOT NULL DEFAULT 1,
  lease_owner uuid,
  lease_until timestamptz,
  lease_fence bigint NOT NULL DEFAULT 0,
  refresh_id uuid,
  failures integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  last_error_class text CHECK (last_error_class IN ('terminal', 'configuration', 'transient', 'unknown')),
  last_error text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT oauth2_tokens_lease CHECK ((lease_owner IS NULL) = (lease_until IS NULL) AND (lease_owner IS NULL) = (refresh_id IS NULL))
);
CREATE UNIQUE INDEX oauth2_tokens_user_provider ON ${schema}.oauth2_tokens (user_id, provider, (coalesce(tenant_id, '')));
CREATE INDEX oauth2_tokens_provider_id ON ${schema}.oauth2_tokens (provider_id);
CREATE INDEX oauth2_tokens_expires_at ON ${schema}.oauth2_tokens (expires_at) WHERE status = 'active';
CREATE INDEX oauth2_tokens_needs_consent ON ${schema}.oauth2_tokens (user_id) WHERE status = 'needs_consent';
CREATE TRIGGER oauth2_tokens_updated_at BEFORE UPDATE ON ${schema}.oauth2_tokens
  FOR EACH ROW EXECUTE FUNCTION ${schema}.update_updated_at_column();
COMMENT ON TABLE ${schema}.oauth2_tokens IS 'One grant per user, provider and tenant: its tokens, encrypted, and the lease under which they are refreshed';
COMMENT ON COLUMN ${schema}.oauth2_tokens.id IS 'UUIDv7; bound into every ciphertext of the row';
COMMENT ON COLUMN ${schema}.oauth2_tokens.tenant_id IS 'The tenant it belongs to, or null';
COMMENT ON COLUMN ${schema}.oauth2_tokens.user_id IS 'Whose grant it is; gone with the user';
COMMENT ON COLUMN ${schema}.oauth2_tokens.provider IS 'The provider''s name, part of the key';
COMMENT ON COLUMN ${schema}.oauth2_tokens.provider_id IS 'The client that was granted the tokens; only that one can refresh them';
COMMENT ON COLUMN ${schema}.oauth2_tokens.status IS 'active, needs_consent (the provider refuses the grant), or revoked';
COMMENT ON COLUMN ${schema}.oauth2_tokens.status_reason IS 'Why it is not active: rejected, no_refresh_token or revoked';
COMMENT ON COLUMN ${schema}.oauth2_tokens.access_token IS 'Encrypted by the vault; null once revoked';
COMMENT ON COLUMN ${schema}.oauth2_tokens.refresh_token IS 'Encrypted by the vault; null when the provider gave none, or once revoked';
COMMENT ON COLUMN ${schema}.oauth2_tokens.id_token IS 'Encrypted by the vault; null when the provider gave none, or once revoked';
COMMENT ON COLUMN ${schema}.oauth2_tokens.token_type IS 'As the provider named it, normally Bearer';
COMMENT ON COLUMN ${schema}.oauth2_tokens.scopes IS 'What was granted';
COMMENT ON COLUMN ${schema}.oauth2_tokens.issued_at IS 'When the access token was asked for, by the database''s clock; with expires_at, its lifetime';
COMMENT ON COLUMN ${schema}.oauth2_tokens.expires_at IS 'When the access token ends, by the database''s clock';
COMMENT ON COLUMN ${schema}.oauth2_tokens.version IS 'Counts the token sets this row has held; every answer is written by compare-and-set on it alone';
COMMENT ON COLUMN ${schema}.oauth2_tokens.granted_version IS 'The version at which the user last consented or revoked; answers to older ones are of another grant';
COMMENT ON COLUMN ${schema}.oauth2_tokens.lease_owner IS 'The instance that is refreshing, or null';
COMMENT ON COLUMN ${schema}.oauth2_tokens.lease_until IS 'Until when the lease holds; extended while the call is in flight';
COMMENT ON COLUMN ${schema}.oauth2_tokens.lease_fence IS 'Counts leases; only the holder of the newest may extend or release it';
COMMENT ON COLUMN ${schema}.oauth2_tokens.refresh_id IS 'The refresh intent under way, in oauth2_token_refreshes';
COMMENT ON COLUMN ${schema}.oauth2_tokens.failures IS 'Refreshes that failed in a row';
COMMENT ON COLUMN ${schema}.oauth2_tokens.next_attempt_at IS 'No refresh is sent before this time; null when one may be';
COMMENT ON COLUMN ${schema}.oauth2_tokens.last_error_class IS 'Class of the last failure: terminal, configuration, transient or unknown; null after a success';
COMMENT ON COLUMN ${schema}.oauth2_tokens.last_error IS 'The last failure in a word; null after a success';
COMMENT ON COLUMN ${schema}.oauth2_tokens.created_at IS 'When the user first granted it';
COMMENT ON COLUMN ${schema}.oauth2_tokens.updated_at IS 'When the row last changed';

CREATE TABLE ${schema}.oauth2_token_refreshes (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  token_id uuid NOT NULL REFERENCES ${schema}.oauth2_tokens (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('refresh', 'revocation')),
  base_version bigint NOT NULL,
  attempt integer NOT NULL DEFAULT 1 CHECK (attempt > 0),
  retry_of uuid,
  instance_id uuid,
  outcome text NOT NULL DEFAULT 'pending'
    CHECK (outcome IN ('pending', 'succeeded', 'superseded', 'adopted', 'failed', 'needs_consent', 'unknown', 'not_sent')),
  error_class text CHECK (error_class IN ('terminal', 'configuration', 'transient', 'unknown')),
  error text,
  http_status integer,
  kept_tokens bytea,
  started_at timestamptz NOT NULL,
  next_attempt_at timestamptz,
  finished_at timestamptz,
  CONSTRAINT oauth2_token_refreshes_due CHECK (kind <> 'revocation' OR outcome <> 'pending' OR next_attempt_at IS NOT NULL)
);
CREATE INDEX oauth2_token_refreshes_token ON ${schema}.oauth2_token_refreshes (token_id, id);
CREATE INDEX oauth2_token_refreshes_kept ON ${schema}.oauth2_token_refreshes (token_id, base_version) WHERE kept_tokens IS NOT NULL;
CREATE INDEX oauth2_token_refreshes_pending ON ${schema}.oauth2_token_refreshes (started_at) WHERE outcome = 'pending';
CREATE INDEX oauth2_token_refreshes_untold ON ${schema}.oauth2_token_refreshes (next_attempt_at) WHERE kind = 'revocation' AND outcome = 'pending';
COMMENT ON TABLE ${schema}.oauth2_token_refreshes IS 'Every refresh and revocation: written as an intent before the provider is called, completed after its answer';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.id IS 'UUIDv7, ascending with time';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.tenant_id IS 'The tenant it belongs to, or null';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.token_id IS 'The grant it concerns';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.kind IS 'refresh or revocation';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.base_version IS 'The version of the grant whose token was sent';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.attempt IS 'How often this version''s token has been sent, this time included, as far as anyone knows';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.retry_of IS 'The intent whose outcome nobody knows and which this one repeats';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.instance_id IS 'The instance that called';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.outcome IS 'pending, succeeded, superseded (another answer was first), adopted (kept, and used later), failed, needs_consent, unknown (the call may have been received), or not_sent';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.error_class IS 'Class of the failure: terminal, configuration, transient or unknown';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.error IS 'The failure in a word: a registered OAuth error code or one of Plinth''s';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.http_status IS 'The status of the provider''s answer, if there was one';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.kept_tokens IS 'Encrypted by the vault: an answer that came too late to be the row''s, or the token that a revocation has yet to tell the provider';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.started_at IS 'When the intent was written, by the database''s clock';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.next_attempt_at IS 'When the provider is told of a pending revocation again; null for refreshes';
COMMENT ON COLUMN ${schema}.oauth2_token_refreshes.finished_at IS 'When its outcome was written; null while nobody knows it';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('oauth', 1, 'expanding');
