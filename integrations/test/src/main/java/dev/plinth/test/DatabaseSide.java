package dev.plinth.test;

import dev.plinth.core.spi.Schema;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * What a test database has in a schema of its own, {@code plinth_test}: the clock's shift, the rows
 * that migrations bring along, and the functions that bring the tables back to just after the
 * migrations.
 */
final class DatabaseSide {
  /** The database's time as tests shift it. */
  static final String NOW =
      "(pg_catalog.statement_timestamp() + (SELECT o.offset_by FROM plinth_test.clock o))";

  private static final String INSTALL =
      """
      CREATE SCHEMA plinth_test;

      CREATE TABLE plinth_test.clock (offset_by interval NOT NULL);
      INSERT INTO plinth_test.clock VALUES ('0');

      GRANT USAGE ON SCHEMA plinth_test TO PUBLIC;
      GRANT SELECT ON plinth_test.clock TO PUBLIC;

      CREATE TABLE plinth_test.shape (of_schema text PRIMARY KEY, shape text NOT NULL);
      CREATE TABLE plinth_test.seeds (
        place serial PRIMARY KEY, of_schema text, original text, copy text, columns text);
      CREATE TABLE plinth_test.counters (
        of_schema text, counter regclass PRIMARY KEY, reached bigint, used boolean);

      CREATE VIEW plinth_test.tables AS
        SELECT c.oid, n.nspname AS of_schema, c.relname, format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relname <> 'schema_changes' AND c.relname NOT LIKE 'flyway\\_history\\_%';

      -- Changes when a test migrates, undoes, adds or drops something: then emptying is not enough.
      CREATE FUNCTION plinth_test.shape_of(wanted text) RETURNS text LANGUAGE sql AS $$
        SELECT coalesce(string_agg(
          format('%s %s %s', c.oid, c.relnatts, c.reltriggers_of), ',' ORDER BY c.oid), '')
        FROM (
          SELECT k.oid, k.relnatts,
            (SELECT count(*) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = k.oid) AS reltriggers_of
          FROM pg_catalog.pg_class k
          JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace
          WHERE n.nspname = wanted AND k.relkind IN ('r', 'p', 'v', 'm') AND NOT k.relispartition
        ) c
      $$;

      CREATE FUNCTION plinth_test.remember(wanted text) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        t record;
        filled boolean;
        of_table text;
      BEGIN
        FOR t IN SELECT * FROM plinth_test.tables WHERE of_schema = wanted ORDER BY oid LOOP
          EXECUTE 'SELECT EXISTS (SELECT FROM ' || t.name || ')' INTO filled;
          CONTINUE WHEN NOT filled;
          SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO of_table
          FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
          EXECUTE format('CREATE TABLE plinth_test.seed_%s AS SELECT %s FROM %s', t.oid, of_table, t.name);
          INSERT INTO plinth_test.seeds (of_schema, original, copy, columns)
          VALUES (wanted, t.name, 'plinth_test.seed_' || t.oid, of_table);
        END LOOP;
        FOR t IN
          SELECT c.oid::regclass AS counter
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = wanted AND c.relkind = 'S'
        LOOP
          EXECUTE format('INSERT INTO plinth_test.counters SELECT %L, %L, last_value, is_called FROM %s',
            wanted, t.counter, t.counter);
        END LOOP;
        INSERT INTO plinth_test.shape VALUES (wanted, plinth_test.shape_of(wanted));
      END
      $$;

      -- True if the tables are now as just after the migrations; false if they no longer can be.
      -- Triggers that refuse a TRUNCATE, or act on the rows put back, are off for this transaction
      -- alone, which only the tables' owner can do.
      CREATE FUNCTION plinth_test.restore(wanted text) RETURNS boolean LANGUAGE plpgsql AS $$
      DECLARE
        t record;
        filled boolean;
        names text[] := '{}';
        triggers record;
        enable text[] := '{}';
      BEGIN
        PERFORM FROM plinth_test.shape s
          WHERE s.of_schema = wanted AND s.shape = plinth_test.shape_of(wanted);
        IF NOT FOUND THEN
          RETURN false;
        END IF;
        FOR t IN SELECT * FROM plinth_test.tables WHERE of_schema = wanted LOOP
          EXECUTE 'SELECT EXISTS (SELECT FROM ' || t.name || ')' INTO filled;
          IF filled OR EXISTS (SELECT FROM plinth_test.seeds s WHERE s.original = t.name) THEN
            names := names || t.name;
          END IF;
        END LOOP;
        IF names = '{}' THEN
          RETURN true;
        END IF;
        FOR triggers IN
          SELECT c.oid::regclass AS of_table, quote_ident(g.tgname) AS name, g.tgenabled AS state
          FROM pg_catalog.pg_trigger g
          JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = wanted AND NOT g.tgisinternal AND g.tgenabled <> 'D'
            AND (g.tgtype & 32 = 32
              OR EXISTS (SELECT FROM plinth_test.seeds s
                WHERE s.original = format('%I.%I', n.nspname, c.relname)))
        LOOP
          EXECUTE format('ALTER TABLE ONLY %s DISABLE TRIGGER %s', triggers.of_table, triggers.name);
          enable := enable || format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %s', triggers.of_table,
            CASE triggers.state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END,
            triggers.name);
        END LOOP;
        EXECUTE 'TRUNCATE ' || array_to_string(names, ', ') || ' CASCADE';
        PERFORM setval(s.counter, s.reached, s.used)
          FROM plinth_test.counters s WHERE s.of_schema = wanted;
        FOR t IN SELECT * FROM plinth_test.seeds s WHERE s.of_schema = wanted ORDER BY s.place LOOP
          EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s',
            t.original, t.columns, t.columns, t.copy);
        END LOOP;
        FOR i IN 1 .. cardinality(enable) LOOP
          EXECUTE enable[i];
        END LOOP;
        RETURN true;
      END
      $$;
      """;

  private DatabaseSide() {}

  static void install(TestDatabase database) {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(INSTALL);
    } catch (SQLException e) {
      throw new IllegalStateException("The test database cannot be prepared", e);
    }
  }

  /** Notes what the migrations have left in the schema, for {@link #restore}. */
  static void remember(TestDatabase database, Schema schema) {
    call(database, schema, "SELECT true FROM plinth_test.remember(?)");
  }

  /**
   * Brings the schema's tables back to just after the migrations.
   *
   * @return false when the schema itself has changed since
   */
  static boolean restore(TestDatabase database, Schema schema) {
    return call(database, schema, "SELECT plinth_test.restore(?)");
  }

  private static boolean call(TestDatabase database, Schema schema, String sql) {
    try (Connection connection = database.connect();
        Statement patience = connection.createStatement();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      patience.execute("SET lock_timeout = '5s'");
      statement.setString(1, schema.name());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(
          "The tables cannot be emptied for the next test; a transaction left open by an earlier"
              + " one holds them if this was a lock timeout",
          e);
    }
  }
}
