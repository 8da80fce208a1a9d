package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.usage.Metered;
import dev.plinth.core.usage.UsageMeter;
import java.math.BigDecimal;
import java.util.List;
import java.util.UUID;

/** A meter with tables of its own: accounts with caps, and a row for each charge. */
final class Ledger implements UsageMeter {
  private static final String CREATE =
      """
      DROP TABLE IF EXISTS accounts;
      DROP TABLE IF EXISTS ledger;
      CREATE TABLE accounts (user_id uuid PRIMARY KEY, cap numeric);
      CREATE TABLE ledger (
        n bigserial, user_id uuid, resource text, amount numeric, granted boolean,
        tx text DEFAULT pg_current_xact_id()::text)
      """;
  private static final String CHARGE =
      """
      WITH account AS MATERIALIZED (
        SELECT a.cap - (
            SELECT COALESCE(sum(l.amount), 0)
            FROM ledger l
            WHERE l.user_id = a.user_id
          ) AS remaining
        FROM accounts a
        WHERE a.user_id = ?
        FOR UPDATE
      )
      INSERT INTO ledger (user_id, resource, amount, granted)
      SELECT ?, ?, least(?::numeric, a.remaining), ?::numeric <= a.remaining
      FROM account a
      RETURNING granted
      """;

  record Entry(String resource, BigDecimal amount, boolean granted, String tx) {}

  static void create(Plinth plinth) {
    plinth.transact(tx -> Sql.execute(tx.connection(), CREATE));
  }

  static void open(Plinth plinth, UUID user, String cap) {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO accounts (user_id, cap) VALUES (?, ?::numeric)",
                user,
                cap));
  }

  /** Until the transaction ends. */
  static void lock(Tx tx, UUID user) {
    Sql.query(
        tx.connection(), "SELECT 1 FROM accounts WHERE user_id = ? FOR UPDATE", row -> 1, user);
  }

  static String id(Tx tx) {
    return Sql.first(tx.connection(), "SELECT pg_current_xact_id()::text", row -> row.getString(1))
        .orElseThrow();
  }

  static List<Entry> entries(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT resource, amount, granted, tx FROM ledger ORDER BY n",
                row ->
                    new Entry(
                        row.getString(1),
                        row.getBigDecimal(2),
                        row.getBoolean(3),
                        row.getString(4))));
  }

  static BigDecimal sum(Plinth plinth) {
    return entries(plinth).stream().map(Entry::amount).reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  @Override
  public Metered charge(Tx tx, UUID userId, String resource, BigDecimal amount) {
    boolean granted =
        Sql.first(
                tx.connection(),
                CHARGE,
                row -> row.getBoolean(1),
                userId,
                userId,
                resource,
                amount,
                amount)
            .orElseThrow();
    return granted ? new Metered.Granted() : new Metered.Refused("the account is empty");
  }
}
