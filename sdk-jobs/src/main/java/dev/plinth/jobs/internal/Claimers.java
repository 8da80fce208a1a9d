package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Liveness;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;

/**
 * The instances that may hold leases, so that leases need to be looked through only when one of
 * these has died. As a sweep it enters those that hold leases and are not listed: instances of an
 * earlier version do not list themselves.
 */
final class Claimers implements Sweep {
  private static final String REGISTER =
      """
      INSERT INTO {schema}.job_claimers (instance_id, registered_at)
      VALUES (?, {now})
      ON CONFLICT (instance_id) DO NOTHING
      """;
  private static final String ADOPT =
      """
      INSERT INTO {schema}.job_claimers (instance_id, registered_at)
      SELECT DISTINCT l.instance_id, {now}
      FROM {schema}.job_leases l
      ON CONFLICT (instance_id) DO NOTHING
      """;
  private static final String DEAD =
      """
      SELECT c.instance_id
      FROM {schema}.job_claimers c
      WHERE {dead}
      ORDER BY c.registered_at
      LIMIT 100
      """;
  // A claim under way holds FOR KEY SHARE on the row, and one that comes later finds no row.
  private static final String FORGET =
      """
      DELETE FROM {schema}.job_claimers c
      WHERE c.instance_id IN (
        SELECT d.instance_id
        FROM {schema}.job_claimers d
        WHERE d.instance_id = ANY (?::uuid[])
        FOR UPDATE SKIP LOCKED)
        AND NOT EXISTS (SELECT FROM {schema}.job_leases l WHERE l.instance_id = c.instance_id)
      """;

  private final String register;
  private final String adopt;
  private final String dead;
  private final String forget;

  Claimers(Schema schema) {
    this.register = schema.render(REGISTER);
    this.adopt = schema.render(ADOPT);
    this.dead = schema.render(DEAD.replace("{dead}", Liveness.dead("c.instance_id")));
    this.forget = schema.render(FORGET);
  }

  /** Before its first claim. */
  void register(Tx tx, UUID instance) {
    Sql.update(tx.connection(), register, instance);
  }

  /** Those that have died, but for the given one; a bounded number. */
  List<UUID> dead(Tx tx, UUID but) {
    return Sql.query(tx.connection(), dead, row -> row.getObject(1, UUID.class)).stream()
        .filter(instance -> !instance.equals(but))
        .toList();
  }

  /** Those among these that hold no lease any more need not be looked at again. */
  void forget(Tx tx, List<UUID> instances) {
    Sql.update(tx.connection(), forget, (Object) instances.toArray(UUID[]::new));
  }

  @Override
  public boolean chunk(Tx tx) {
    Sql.update(tx.connection(), adopt);
    return false;
  }
}
