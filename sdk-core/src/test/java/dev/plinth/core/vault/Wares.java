package dev.plinth.core.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A host's table with an encrypted column, and key rings to encrypt it under. */
final class Wares {
  static final EncryptedColumn COLUMN =
      EncryptedColumn.of("wares", "secret")
          .withSchema("shop")
          .withDataKeyColumn("secret_data_key_id");

  static final KeyRing OLD = KeyRing.of("old", key(1));
  static final KeyRing OLD_THEN_NEW = KeyRing.of("old", key(1)).and("new", key(2));
  static final KeyRing NEW_THEN_OLD = KeyRing.of("new", key(2)).and("old", key(1));
  static final KeyRing NEW = KeyRing.of("new", key(2));

  private Wares() {}

  static void create(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                CREATE SCHEMA IF NOT EXISTS shop;
                DROP TABLE IF EXISTS shop.wares;
                CREATE TABLE shop.wares (
                  id bigint PRIMARY KEY,
                  secret bytea,
                  secret_data_key_id uuid GENERATED ALWAYS AS
                    (encode(substring(secret FROM 2 FOR 16), 'hex')::uuid) STORED);
                CREATE INDEX ON shop.wares (secret_data_key_id);
                """));
  }

  static Plinth plinth(TestDatabase database, DataSource pool, KeyProvider keys) {
    Plinth plinth = database.plinth(pool).keys(keys).withoutNotifications().build();
    plinth.vault().keys().register(COLUMN);
    return plinth;
  }

  static Cell cell(long id) {
    return Cell.of("wares", "secret", Long.toString(id));
  }

  static void insert(Plinth plinth, long from, long to) {
    plinth.transact(
        tx -> {
          List<@Nullable Object[]> rows = new ArrayList<>();
          for (long id = from; id <= to; id++) {
            rows.add(new Object[] {id, seal(plinth, id, 0)});
          }
          Sql.batch(tx.connection(), "INSERT INTO shop.wares (id, secret) VALUES (?, ?)", rows);
        });
  }

  static byte[] seal(Plinth plinth, long id, long version) {
    return plinth.vault().encrypt(cell(id), ("ware " + id + " version " + version).getBytes(UTF_8));
  }

  /** Every value, decrypted. */
  static Map<Long, String> read(Plinth plinth) {
    return plinth.transactReturning(
        tx -> {
          Map<Long, String> values = new HashMap<>();
          Sql.query(
              tx.connection(),
              "SELECT id, secret FROM shop.wares WHERE secret IS NOT NULL",
              row ->
                  values.put(
                      row.getLong(1),
                      new String(
                          plinth.vault().in(tx).decrypt(cell(row.getLong(1)), row.getBytes(2)),
                          UTF_8)));
          return values;
        });
  }

  static Map<UUID, Long> byDataKey(Plinth plinth) {
    return plinth.transactReturning(
        tx -> {
          Map<UUID, Long> values = new HashMap<>();
          Sql.query(
              tx.connection(),
              "SELECT secret_data_key_id, count(*) FROM shop.wares WHERE secret IS NOT NULL"
                  + " GROUP BY 1",
              row -> values.put(row.getObject(1, UUID.class), row.getLong(2)));
          return values;
        });
  }

  static UUID newest(Plinth plinth) {
    List<DataKeyInfo> keys = plinth.vault().keys().list();
    return keys.get(keys.size() - 1).id();
  }

  static byte[] key(int fill) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) fill);
    return key;
  }
}
