package dev.plinth.examples.quickstart;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthFixture;
import java.sql.Connection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures what a row of each of the larger tables takes, indexes apart: the numbers of {@code
 * docs/guides/dba.md}. A program, not a test; rows are of the size that a small web shop has.
 */
final class RowSizes {
  private static final int ROWS = 20_000;

  /** Ascends with time, as the ids that Plinth mints. */
  private static final String ID =
      "(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + i), 12, '0')"
          + " || substr(replace(gen_random_uuid()::text, '-', ''), 13))::uuid";

  private RowSizes() {}

  /** Prints a table in Markdown. */
  public static void main(String[] args) throws Exception {
    Map<String, String> filled = new LinkedHashMap<>();
    filled.put(
        "users",
        "(id, external_id, email, full_name, settings) SELECT {id}, 'customer-' || i,"
            + " 'customer-' || i || '@example.org', 'Customer number ' || i,"
            + " '{\"theme\": \"dark\", \"language\": \"en\"}' FROM {i}");
    filled.put("user_roles", "");
    filled.put("user_states", "");
    filled.put(
        "api_keys",
        "(id, owner_type, owner_id, user_id, name, prefix, key_hash, scopes) SELECT {id}, 'user', u.id::text,"
            + " u.id, 'laptop', 'shop', sha256(i::text::bytea), '{orders.read}' FROM {u}");
    filled.put(
        "sessions",
        "(id, user_id, token_hash, device_type, device_name, ip_address, idle_timeout,"
            + " idle_expires_at, expires_at) SELECT {id}, u.id, sha256(i::text::bytea), 'browser',"
            + " 'Firefox on Linux', '192.0.2.7', '30 minutes', now() + interval '1 hour',"
            + " now() + interval '1 day' FROM {u}");
    filled.put(
        "credentials",
        "(id, user_id, name, type, encrypted_data) SELECT {id}, u.id, 'warehouse', 'api_key',"
            + " decode('01' || repeat('ab', 120), 'hex') FROM {u}");
    filled.put(
        "user_usage",
        "(user_id, limit_name, used, cap) SELECT u.id, 'storage_mb', 1000000, 5000000000 FROM {u}");
    filled.put(
        "quota_violations",
        "(user_id, minute, limit_name, first_at, last_at, details) SELECT u.id,"
            + " date_trunc('minute', now()), 'req_hour', now(), now(), '{\"used\": 1000, \"held\": 0,"
            + " \"cap\": 1000, \"requested\": 1, \"resets_at\": \"2026-01-01T00:00:00Z\"}' FROM {u}");
    filled.put(
        "oauth2_providers",
        "(id, name, token_endpoint, client_id, client_authentication, default_expiry_ms,"
            + " http_timeout_ms, created_at, updated_at) SELECT {id}, 'acme',"
            + " 'https://acme.example/token', 'shop', 'none', 1, 1, now(), now()"
            + " FROM generate_series(1, 1) AS i");
    filled.put(
        "oauth2_tokens",
        "(id, user_id, provider, provider_id, access_token, refresh_token, issued_at, expires_at,"
            + " created_at, updated_at) SELECT {id}, u.id, 'acme', p.id,"
            + " decode(repeat('ab', 1000), 'hex'), decode(repeat('cd', 150), 'hex'), now(), now(),"
            + " now(), now() FROM {u}, plinth.oauth2_providers p");
    filled.put(
        "oauth2_token_refreshes",
        "(id, token_id, kind, base_version, outcome, http_status, started_at, finished_at)"
            + " SELECT {id}, t.id, 'refresh', 1, 'succeeded', 200, now(), now() FROM"
            + " (SELECT id, row_number() OVER () AS i FROM plinth.oauth2_tokens) t");
    filled.put(
        "audit_actions",
        "(id, action, outcome, severity, actor_type, actor_id, actor_email, resource_type, resource_id,"
            + " client_ip, occurred_at, recorded_at, before, after, metadata, is_cut) SELECT {id},"
            + " 'order.updated', 'success', 'info', 'user', u.id, 'customer@example.org', 'order',"
            + " i::text, '192.0.2.7', now(), now(), '{\"state\": \"open\", \"total\": 99.5}',"
            + " '{\"state\": \"paid\", \"total\": 99.5}', '{}', false FROM {u}");
    filled.put(
        "computational_jobs",
        "(id, user_id, type, job_version, queue, args, status, priority, max_attempts, created_at,"
            + " completed_at) SELECT {id}, u.id, 'invoice.render', 1, 'default',"
            + " '{\"order\": 4711, \"format\": \"pdf\", \"language\": \"en\"}', 'completed', 0, 5, now(), now()"
            + " FROM {u}");
    filled.put(
        "job_attempts",
        "(job_id, epoch, attempt, instance_id, started_at, ended_at, outcome) SELECT j.id, 1, 1,"
            + " gen_random_uuid(), now(), now(), 'completed' FROM plinth.computational_jobs j");
    filled.put(
        "job_ready",
        "(job_id, queue, priority, type, job_version) SELECT j.id, 'default', 0,"
            + " 'invoice.render', 1 FROM plinth.computational_jobs j");
    try (PlinthFixture fixture = PlinthFixture.create();
        Connection connection = fixture.database().connect()) {
      Plinth plinth = fixture.plinth();
      System.out.println("| table | bytes per row | of its indexes | together |");
      System.out.println("|---|---|---|---|");
      for (Map.Entry<String, String> table : filled.entrySet()) {
        measure(plinth, connection, table.getKey(), table.getValue());
      }
    }
  }

  private static void measure(Plinth plinth, Connection connection, String table, String rows) {
    if (!rows.isEmpty()) {
      Sql.execute(
          connection,
          ("INSERT INTO " + plinth.schema().quoted() + "." + table + " " + rows)
              .replace("{id}", ID)
              .replace(
                  "{u}", "(SELECT id, row_number() OVER (ORDER BY id) AS i FROM plinth.users) u")
              .replace("{i}", "generate_series(1, " + ROWS + ") AS i"));
    }
    Sql.execute(connection, "VACUUM ANALYZE plinth." + table);
    String line =
        Sql.query(
                connection,
                """
                SELECT CASE WHEN n.rows < 1000 THEN '' ELSE format('| `%%s` | %%s | %%s | %%s |', '%1$s',
                  round(sum(pg_table_size(c.oid)) / n.rows), round(sum(pg_indexes_size(c.oid)) / n.rows),
                  round(sum(pg_total_relation_size(c.oid)) / n.rows)) END
                FROM pg_class c, (SELECT count(*) AS rows FROM plinth.%1$s) n
                WHERE c.oid = 'plinth.%1$s'::regclass
                  OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'plinth.%1$s'::regclass)
                GROUP BY n.rows
                """
                    .formatted(table)
                    .replaceAll("%%", "%"),
                row -> row.getString(1))
            .get(0);
    if (!line.isEmpty()) {
      System.out.println(line);
    }
  }
}
