-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'job_parked has no index job_parked_line_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = pg_catalog.to_regclass($n$${schema}.job_parked$n$) AND x.indisvalid AND c.relname = 'job_parked_line_idx')

CREATE TABLE ${schema}.job_limits (
  scope text NOT NULL CHECK (scope IN ('global', 'queue', 'type', 'key', 'every_key')),
  name text NOT NULL CHECK (length(name) <= 255),
  max_running integer CHECK (max_running >= 0),
  rate_count integer CHECK (rate_count > 0),
  rate_period_ms bigint CHECK (rate_period_ms > 0),
  burst integer CHECK (burst > 0),
  fair_share integer CHECK (fair_share > 0),
  set_at timestamptz NOT NULL,
  stage text NOT NULL DEFAULT 'new' CHECK (stage IN ('new', 'adopting', 'settled')),
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  horizon xid8,
  PRIMARY KEY (scope, name),
  CHECK ((scope IN ('global', 'every_key')) = (name = '')),
  CHECK (scope = 'queue' OR num_nonnulls(rate_count, fair_share) = 0),
  CHECK (num_nulls(rate_count, rate_period_ms, burst) IN (0, 3)),
  CHECK (num_nonnulls(max_running, rate_count, fair_share) > 0)
);
COMMENT ON TABLE ${schema}.job_limits IS 'Limits that hold across all nodes. A job that one of these names waits in job_parked until every limit that names it has room';
COMMENT ON COLUMN ${schema}.job_limits.scope IS 'What is counted: global: every job; queue, type, key: those of that queue, type or limit key; every_key: those of each limit key that has no limit of its own';
COMMENT ON COLUMN ${schema}.job_limits.name IS 'The queue, type or key; empty for global and every_key';
COMMENT ON COLUMN ${schema}.job_limits.max_running IS 'How many may run at a time, counting those that were let through and not yet claimed; or null';
COMMENT ON COLUMN ${schema}.job_limits.rate_count IS 'How many may start in each rate_period_ms, or null; queues only';
COMMENT ON COLUMN ${schema}.job_limits.rate_period_ms IS 'The period of the rate, or null';
COMMENT ON COLUMN ${schema}.job_limits.burst IS 'How many starts may be saved up; in any one period at most rate_count + burst jobs start';
COMMENT ON COLUMN ${schema}.job_limits.fair_share IS 'How many jobs of one user may be let through at a time, users taking turns; or null for no fairness; queues only';
COMMENT ON COLUMN ${schema}.job_limits.set_at IS 'When it was last set';
COMMENT ON COLUMN ${schema}.job_limits.stage IS 'new: just set; adopting: jobs that waited already are brought under it; settled: it holds for all';
COMMENT ON COLUMN ${schema}.job_limits.xid IS 'The transaction that set it: older snapshots do not know it';
COMMENT ON COLUMN ${schema}.job_limits.horizon IS 'Transactions before this one may have put jobs in line without knowing the limit; null until no older snapshot is left';

CREATE TABLE ${schema}.job_queues (
  queue text PRIMARY KEY CHECK (length(queue) BETWEEN 1 AND 100),
  paused_at timestamptz NOT NULL,
  paused_by text CHECK (length(paused_by) BETWEEN 1 AND 255),
  reason text CHECK (length(reason) BETWEEN 1 AND 500)
);
COMMENT ON TABLE ${schema}.job_queues IS 'Queues that are paused: nobody claims from them';
COMMENT ON COLUMN ${schema}.job_queues.queue IS 'The queue';
COMMENT ON COLUMN ${schema}.job_queues.paused_at IS 'Since when';
COMMENT ON COLUMN ${schema}.job_queues.paused_by IS 'Who paused it, or null';
COMMENT ON COLUMN ${schema}.job_queues.reason IS 'Why, or null';

-- Written by the gatekeeper alone, under its lock, so that nobody who enqueues waits for anybody else.
CREATE TABLE ${schema}.job_groups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  limit_key text COLLATE "C" NOT NULL DEFAULT '',
  user_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  CONSTRAINT job_groups_line_key UNIQUE (queue, user_id, type, limit_key)
);
COMMENT ON TABLE ${schema}.job_groups IS 'What limits need to know of jobs that were let through: rows of job_ready and job_leases refer to it by group_id. Unused ones are removed in time';
COMMENT ON COLUMN ${schema}.job_groups.id IS 'What group_id refers to';
COMMENT ON COLUMN ${schema}.job_groups.queue IS 'Queue of its jobs';
COMMENT ON COLUMN ${schema}.job_groups.type IS 'Type of its jobs';
COMMENT ON COLUMN ${schema}.job_groups.limit_key IS 'Limit key of its jobs; empty for none';
COMMENT ON COLUMN ${schema}.job_groups.user_id IS 'Owner of its jobs where the queue is fair; all zeros for nobody, and in other queues';

CREATE TABLE ${schema}.job_parked (
  job_id uuid PRIMARY KEY,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  queue text COLLATE "C" NOT NULL,
  priority smallint NOT NULL,
  type text COLLATE "C" NOT NULL,
  limit_key text COLLATE "C" NOT NULL DEFAULT '',
  user_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  job_version integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 1
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX job_parked_line_idx ON ${schema}.job_parked (queue, priority, user_id, type, limit_key, xid, seq);
COMMENT ON TABLE ${schema}.job_parked IS 'Jobs that wait because of a limit. Jobs of the same queue, priority, user, type and key stand in one line';
COMMENT ON COLUMN ${schema}.job_parked.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_parked.seq IS 'Place in line among those of the same transaction';
COMMENT ON COLUMN ${schema}.job_parked.xid IS 'The transaction that put it here; 0 for one that was let through already and came back';
COMMENT ON COLUMN ${schema}.job_parked.queue IS 'Queue it waits for';
COMMENT ON COLUMN ${schema}.job_parked.priority IS 'Higher is let through sooner';
COMMENT ON COLUMN ${schema}.job_parked.type IS 'Its type';
COMMENT ON COLUMN ${schema}.job_parked.limit_key IS 'Its limit key; empty for none';
COMMENT ON COLUMN ${schema}.job_parked.user_id IS 'Its owner where the queue is fair; all zeros for nobody, and in other queues';
COMMENT ON COLUMN ${schema}.job_parked.job_version IS 'Version of its type';
COMMENT ON COLUMN ${schema}.job_parked.epoch IS 'Claims so far';
COMMENT ON COLUMN ${schema}.job_parked.attempt IS 'Number the next attempt will have';

CREATE TABLE ${schema}.job_queue_turns (
  queue text PRIMARY KEY,
  tokens double precision NOT NULL,
  refilled_at timestamptz NOT NULL,
  unclaimed integer NOT NULL CHECK (unclaimed >= 0),
  last_user uuid NOT NULL,
  last_type text NOT NULL,
  last_key text NOT NULL
);
COMMENT ON TABLE ${schema}.job_queue_turns IS 'Where the gatekeeper goes on in a queue';
COMMENT ON COLUMN ${schema}.job_queue_turns.queue IS 'The queue';
COMMENT ON COLUMN ${schema}.job_queue_turns.tokens IS 'Starts that its rate allows now; of no meaning without a rate';
COMMENT ON COLUMN ${schema}.job_queue_turns.refilled_at IS 'When tokens was right';
COMMENT ON COLUMN ${schema}.job_queue_turns.unclaimed IS 'Jobs that were let through and not claimed at that time';
COMMENT ON COLUMN ${schema}.job_queue_turns.last_user IS 'The turn after this user''s line is the next';
COMMENT ON COLUMN ${schema}.job_queue_turns.last_type IS 'Type of that line';
COMMENT ON COLUMN ${schema}.job_queue_turns.last_key IS 'Limit key of that line';

CREATE TABLE ${schema}.job_gatekeeper (
  id smallint PRIMARY KEY CHECK (id = 1)
);
COMMENT ON TABLE ${schema}.job_gatekeeper IS 'One row, locked by whoever lets jobs through';
COMMENT ON COLUMN ${schema}.job_gatekeeper.id IS 'Always 1';
INSERT INTO ${schema}.job_gatekeeper (id) VALUES (1);

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 6, 'expanding');
