package dev.plinth.core.internal.restore;

import dev.plinth.core.spi.Restoring;

/** Core's own part: whatever in its tables speaks of processes and times that are gone. */
public final class CoreAfterRestore {
  private static final String INSTANCES =
      """
      UPDATE {schema}.instances
      SET ended_at = {now},
          end_reason = 'expired'
      WHERE ended_at IS NULL
      """;

  private static final String TASKS =
      """
      UPDATE {schema}.maintenance_tasks
      SET holder = NULL,
          lease_until = NULL,
          lease = lease + ?
      """;

  private static final String LOCKS =
      """
      UPDATE {schema}.locks
      SET holder = NULL,
          instance_id = NULL,
          awaited_until = NULL,
          lease_until = NULL
      WHERE holder IS NOT NULL
      """;

  private static final String CONNECTIONS =
      """
      DELETE FROM {schema}.websocket_connections
      """;

  /** They name transactions, and another server counts those anew; every cache begins empty. */
  private static final String CHANGES =
      """
      DELETE FROM {schema}.changes
      """;

  /** Where users were restored by themselves, or without triggers. */
  private static final String USER_STATES =
      """
      INSERT INTO {schema}.user_states AS s (user_id, is_active)
      SELECT id, is_active
      FROM {schema}.users
      ON CONFLICT (user_id) DO UPDATE
      SET is_active = excluded.is_active
      WHERE s.is_active <> excluded.is_active
      """;

  private static final String SESSIONS =
      """
      UPDATE {schema}.sessions
      SET is_active = false,
          ended_at = {now}
      WHERE is_active
      """;

  private static final String API_KEYS =
      """
      UPDATE {schema}.api_keys
      SET is_active = false,
          revoked_at = {now}
      WHERE is_active
      """;

  /**
   * The original may go on encrypting under the same data keys, and how often it has since the
   * backup is unknown: so the next value begins a new epoch.
   */
  private static final String DATA_KEYS =
      """
      UPDATE {schema}.vault_data_keys
      SET uses = greatest(uses, 2147483648)
      WHERE retired_at IS NULL
      """;

  private static final String ROTATIONS =
      """
      UPDATE {schema}.vault_columns
      SET target_id = NULL,
          pass_started_at = NULL,
          last_key = NULL,
          pass_ended_at = NULL,
          finished_at = NULL
      WHERE target_id IS NOT NULL
      """;

  private CoreAfterRestore() {}

  /** Does it. */
  public static void run(Restoring restoring) {
    restoring.change("instances ended", INSTANCES);
    restoring.change("leases of maintenance ended", TASKS, Restoring.FENCES_SKIPPED);
    restoring.change("locks freed", LOCKS);
    restoring.moveOn("locks", "fence");
    restoring.change("live connections forgotten", CONNECTIONS);
    restoring.change("hints to caches forgotten", CHANGES);
    restoring.change("states of users set right", USER_STATES);
    restoring.change("data keys followed by a new epoch", DATA_KEYS);
    restoring.change("rotations of values to be asked for again", ROTATIONS);
    if (restoring.options().endsSessions()) {
      restoring.change("sessions ended", SESSIONS);
    }
    if (restoring.options().revokesApiKeys()) {
      restoring.change("API keys revoked", API_KEYS);
    }
  }
}
