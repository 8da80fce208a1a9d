package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class QueryTest {
  private static final PageRequest TEN = PageRequest.first(10);

  private final UUID anna = UUID.randomUUID();
  private final UUID bert = UUID.randomUUID();
  private AuditLog audit;

  @BeforeEach
  void setUp(AuditLog audit) {
    this.audit = audit;
  }

  @Test
  void history_andTimeline_tellTheirOwnNewestFirst() {
    UUID first = audit.record(Action.of("a").actor(anna).resource("order", 1));
    UUID second = audit.record(Action.of("b").actor(bert).resource("order", 1));
    UUID third = audit.record(Action.of("c").actor(anna).resource("order", 2));
    audit.record(Action.of("d").actor(bert).resource("user", 1));
    UUID fifth = audit.record(Action.of("e").actor(anna));

    assertThat(ids(audit.history("order", "1", TEN))).containsExactly(second, first);
    assertThat(ids(audit.timeline(anna, TEN))).containsExactly(fifth, third, first);
    assertThat(ids(audit.history("order", "3", TEN))).isEmpty();
    assertThat(audit.find(UUID.randomUUID())).isEmpty();
  }

  @Test
  void search_everyCondition_leavesOutWhatDoesNotMeetIt(Plinth plinth, SettableClock clock) {
    UUID session = plinth.ids().next();
    Action match =
        Action.of("login")
            .category("access")
            .outcome(Outcome.DENIED)
            .severity(Severity.HIGH)
            .tenant("acme")
            .actor(anna)
            .session(session)
            .resource("account", 1);
    audit.record(match);
    clock.advance(Duration.ofMinutes(1));
    Instant from = clock.instant();
    UUID wanted = audit.record(match);
    audit.record(Action.of("logout").context(match.context()));
    audit.record(match.category("other"));
    audit.record(match.outcome(Outcome.FAILURE));
    audit.record(match.severity(Severity.MEDIUM));
    audit.record(match.tenant("other"));
    audit.record(match.actor(bert));
    audit.record(match.session(plinth.ids().next()));
    audit.record(match.resource("account", 2));
    audit.record(match.resource("card", 1));
    clock.advance(Duration.ofMinutes(1));
    Instant until = clock.instant();
    audit.record(match);

    AuditQuery query =
        AuditQuery.all()
            .action("login")
            .category("access")
            .outcome(Outcome.DENIED)
            .atLeast(Severity.HIGH)
            .tenant("acme")
            .actor(anna)
            .session(session)
            .resource("account", "1");

    assertThat(ids(audit.search(query.from(from).until(until), TEN))).containsExactly(wanted);
    assertThat(ids(audit.search(query, TEN))).hasSize(3);
    assertThat(ids(audit.search(AuditQuery.all().resourceType("card"), TEN))).hasSize(1);
    assertThat(ids(audit.search(AuditQuery.all(), PageRequest.first(100)))).hasSize(12);
  }

  @Test
  void search_pages_endExactly() {
    List<UUID> recorded = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      recorded.add(0, audit.record(Action.of("a").actor(anna)));
    }

    Page<AuditEntry> one = audit.timeline(anna, PageRequest.first(3));
    Page<AuditEntry> two = audit.timeline(anna, one.next().orElseThrow());

    assertThat(ids(one)).isEqualTo(recorded.subList(0, 3));
    assertThat(ids(two)).isEqualTo(recorded.subList(3, 6));
    assertThat(two.next()).isEmpty();
  }

  @Test
  void queries_amongManyRecords_useTheirIndexes(Plinth plinth, SettableClock clock) {
    UUID session = plinth.ids().next();
    List<Action> many = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      many.add(
          Action.of("a")
              .actor(i % 50 == 0 ? anna : UUID.randomUUID())
              .session(i % 50 == 0 ? session : plinth.ids().next())
              .resource("order", i % 1000));
    }
    audit.recordAll(many);

    // The empty months ahead may be read in any way.
    String filled = partitionOf(plinth, audit.record(Action.of("a").actor(anna)));
    assertThat(plan(plinth, "resource_type = 'order' AND resource_id = '7'"))
        .containsPattern("Index Scan.* " + filled + "_resource_type_resource_id_id_idx");
    assertThat(plan(plinth, "actor_id = '" + anna + "'"))
        .containsPattern("Index Scan.* " + filled + "_actor_id_id_idx");
    assertThat(plan(plinth, "session_id = '" + session + "'"))
        .containsPattern("Index Scan.* " + filled + "_session_id_id_idx");
    assertThat(plan(plinth, "true"))
        .contains("Index Scan Backward using " + filled + "_pkey")
        .doesNotContain("Sort");
    UUID later = UuidV7.lowerBound(clock.instant().plus(Duration.ofDays(32)));
    assertThat(plan(plinth, "id >= '" + later + "'"))
        .as("months outside the range are left out")
        .doesNotContain(filled);
  }

  private static String partitionOf(Plinth plinth, UUID id) {
    return plinth.<String, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    """
                    SELECT c.relname
                    FROM plinth.audit_actions a
                    JOIN pg_class c ON c.oid = a.tableoid
                    WHERE a.id = ?
                    """,
                    row -> row.getString(1),
                    id)
                .get(0));
  }

  private static String plan(Plinth plinth, String condition) {
    return plinth.<String, RuntimeException>transactReturning(
        tx -> {
          Sql.execute(tx.connection(), "ANALYZE plinth.audit_actions");
          return String.join(
              "\n",
              Sql.query(
                  tx.connection(),
                  "EXPLAIN (COSTS OFF) SELECT * FROM plinth.audit_actions WHERE "
                      + condition
                      + " ORDER BY id DESC LIMIT 51",
                  row -> row.getString(1)));
        });
  }

  private static List<UUID> ids(Page<AuditEntry> page) {
    return page.items().stream().map(AuditEntry::id).toList();
  }
}
