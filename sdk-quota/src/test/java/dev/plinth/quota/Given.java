package dev.plinth.quota;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** What these tests begin with, and what they read in the tables. */
final class Given {
  private Given() {}

  static UUID user(Plinth plinth) {
    return user(plinth, null);
  }

  static UUID user(Plinth plinth, String tenant) {
    UUID id = plinth.ids().next();
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                plinth
                    .schema()
                    .render(
                        "INSERT INTO {schema}.users (id, username, tenant_id) VALUES (?, ?, ?)"),
                id,
                "u" + id,
                tenant));
    return id;
  }

  static BigDecimal units(String units) {
    return new BigDecimal(units);
  }

  static BigDecimal units(long units) {
    return BigDecimal.valueOf(units);
  }

  /** What is used by limit, in millionths, as the table has it. */
  static Map<String, Long> ledger(Plinth plinth, UUID userId) {
    Map<String, Long> ledger = new TreeMap<>();
    plinth.transact(
        tx ->
            Sql.query(
                tx.connection(),
                plinth
                    .schema()
                    .render("SELECT limit_name, used FROM {schema}.user_usage WHERE user_id = ?"),
                row -> ledger.put(row.getString(1), row.getLong(2)),
                userId));
    return ledger;
  }

  static List<String> strings(Plinth plinth, String sql, Object... parameters) {
    return plinth.<List<String>, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                tx.connection(), plinth.schema().render(sql), row -> row.getString(1), parameters));
  }

  static Usage usage(UserQuotas quotas, UUID userId, String limit) {
    return quotas.usage(userId).stream()
        .filter(usage -> usage.limit().equals(limit))
        .findFirst()
        .orElseThrow();
  }
}
