package dev.plinth.audit.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.restore.RestoreReport.Change;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The trail in a restored database. Nothing in it is changed; a record says that it was restored,
 * so that whoever reads the trail sees where the records of the lost time would be.
 */
final class AuditAfterRestore {
  private static final String RECORD =
      """
      INSERT INTO {schema}.audit_actions
        (id, action, category, outcome, severity, actor_type, actor_name, resource_type, resource_id,
         occurred_at, recorded_at, metadata, is_cut)
      SELECT ?, 'database.restored', 'operations', 'success', 'high', 'system', 'plinth', 'database',
             current_database(), {now}, {now}, ?::jsonb, false
      """;

  private AuditAfterRestore() {}

  static void run(Restoring restoring) {
    restoring.atEnd(report -> record(restoring, report));
  }

  private static void record(Restoring restoring, RestoreReport report) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    for (Change change : report.changes()) {
      if (change.rows() > 0) {
        metadata.put(change.module() + ": " + change.what(), change.rows());
      }
    }
    Sql.update(
        restoring.connection(),
        restoring.schema().render(RECORD),
        restoring.ids().next(),
        Json.object(metadata));
  }
}
