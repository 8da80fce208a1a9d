package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.core.tx.TransactionAbortedException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class RecordTest {
  private static final PageRequest TEN = PageRequest.first(10);

  private final UUID user = UUID.randomUUID();
  private Plinth plinth;
  private AuditLog audit;

  @BeforeEach
  void setUp(Plinth plinth, AuditLog audit) {
    this.plinth = plinth;
    this.audit = audit;
  }

  @Test
  void record_everyField_isReadAsWritten() {
    UUID session = plinth.ids().next();
    UUID principal = UUID.randomUUID();
    Instant occurredAt = Instant.parse("2026-02-03T04:05:06.789012345Z");
    Action action =
        Action.of("order.changed")
            .category("sales")
            .outcome(Outcome.DENIED)
            .severity(Severity.HIGH)
            .resource(new Resource("order", "o-1", "Anna's order"))
            .before(Json.of("{\"state\": \"new\"}"))
            .after(Json.of("[1, 2.50, null]"))
            .metadata(Map.of("reason", "limit"))
            .occurredAt(occurredAt)
            .tenant("acme")
            .context(
                new AuditContext(
                    new Actor.User(user, "anna@example.org", "clerk", principal),
                    session,
                    "2001:db8::1",
                    "curl/8",
                    "r-1",
                    "4bf92f3577b34da6a3ce929d0e0e4736"));

    UUID id = audit.record(action);

    AuditEntry entry = audit.find(id).orElseThrow();
    assertThat(entry.action())
        .isEqualTo(
            action
                .id(id)
                .occurredAt(occurredAt)
                .before(Json.of("{\"state\": \"new\"}"))
                .metadata(Json.of("{\"reason\": \"limit\"}")));
    assertThat(entry.occurredAt()).isEqualTo(occurredAt.truncatedTo(ChronoUnit.MICROS));
    assertThat(entry.recordedAt()).isCloseTo(Instant.now(), within());
    assertThat(entry.isCut()).isFalse();
  }

  @Test
  void record_everyKindOfActor_isReadAsWritten() {
    List<Actor> actors =
        List.of(
            Actor.user(user),
            Actor.apiKey(user).onBehalfOf(UUID.randomUUID()),
            new Actor.ApiKey(user, "deploy", null),
            Actor.system("billing").onBehalfOf(user));

    List<UUID> ids = audit.recordAll(actors.stream().map(a -> Action.of("x").actor(a)).toList());

    assertThat(ids.stream().map(id -> audit.find(id).orElseThrow().action().context().actor()))
        .containsExactlyElementsOf(actors);
  }

  @Test
  void record_withoutOccurredAt_takesTheDatabasesTime(SettableClock clock) {
    clock.advance(Duration.ofDays(3));

    AuditEntry entry = audit.find(audit.record(simple())).orElseThrow();

    assertThat(entry.occurredAt()).isEqualTo(entry.recordedAt());
    assertThat(entry.recordedAt()).isCloseTo(clock.instant(), within());
  }

  @Test
  void record_inAHostsTransaction_commitsAndVanishesWithIt(TestDatabase database) throws Exception {
    try (Connection host = database.connect()) {
      Sql.execute(host, "CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY)");
      host.setAutoCommit(false);

      UUID lost = recordWithAnOrder(host, 1);
      assertThat(audit.in(plinth.join(host)).find(lost)).isPresent();
      assertThat(audit.find(lost)).isEmpty();
      host.rollback();
      assertThat(audit.find(lost)).isEmpty();

      UUID kept = recordWithAnOrder(host, 1);
      host.commit();
      assertThat(audit.find(kept)).isPresent();
      assertThat(host.getAutoCommit()).isFalse();
    }
  }

  @Test
  void record_inATransactionThatThrows_vanishes() {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      audit.in(tx).record(simple());
                      throw new IllegalStateException("the host's");
                    }))
        .hasMessage("the host's");
    assertThat(audit.search(AuditQuery.all(), TEN).items()).isEmpty();
  }

  @Test
  void record_inAReadOnlyTransaction_isRefusedAndTheTransactionGoesOn(TestDatabase database)
      throws Exception {
    try (Connection host = database.connect()) {
      host.setReadOnly(true);
      host.setAutoCommit(false);
      Tx tx = plinth.join(host);

      assertThatThrownBy(() -> audit.in(tx).record(simple()))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThat(audit.in(tx).search(AuditQuery.all(), TEN).items()).isEmpty();
    }
  }

  @Test
  void record_inATransactionThatHasFailed_saysSo(TestDatabase database) throws Exception {
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      Tx tx = plinth.join(host);
      assertThatThrownBy(() -> Sql.execute(host, "SELECT 1 / 0")).isNotNull();

      assertThatThrownBy(() -> audit.in(tx).record(simple()))
          .isInstanceOf(TransactionAbortedException.class);
    }
  }

  @Test
  void record_sameIdAgain_keepsTheFirstAndTheTransactionGoesOn() {
    UUID id = plinth.ids().next();
    audit.record(simple().id(id));

    plinth.transact(
        tx -> {
          assertThat(audit.in(tx).record(Action.of("another").actor(user).id(id))).isEqualTo(id);
          audit.in(tx).record(simple());
        });

    assertThat(audit.search(AuditQuery.all(), TEN).items())
        .extracting(entry -> entry.action().name())
        .containsExactly("order.created", "order.created");
  }

  @Test
  void record_idOfAnotherTime_isRefusedAndTheTransactionGoesOn() {
    // The last two lie in months without a partition.
    for (Duration off :
        List.of(
            Duration.ofDays(-8),
            Duration.ofMinutes(61),
            Duration.ofDays(-400),
            Duration.ofDays(400))) {
      UUID id = idAt(Instant.now().plus(off));
      plinth.transact(
          tx -> {
            assertThatThrownBy(() -> audit.in(tx).record(simple().id(id)))
                .isInstanceOfSatisfying(
                    ImplausibleIdException.class, e -> assertThat(e.id()).isEqualTo(id))
                .hasMessageContaining("from seven days ago to an hour ahead");
            audit.in(tx).record(simple());
          });
      assertThat(audit.find(id)).isEmpty();
    }
    assertThat(audit.search(AuditQuery.all(), TEN).items()).hasSize(4);
  }

  @Test
  void record_sameIdWeeksLater_isStillHarmless(SettableClock clock) {
    UUID id = audit.record(simple());
    clock.advance(Duration.ofDays(20));

    assertThat(audit.record(simple().id(id))).isEqualTo(id);
    assertThat(audit.search(AuditQuery.all(), TEN).items()).hasSize(1);
  }

  @Test
  void record_monthWithoutPartition_isRefusedAndTheTransactionGoesOn(SettableClock clock) {
    UUID id = idAt(Instant.now().plus(Duration.ofDays(365)));
    clock.advance(Duration.ofDays(365));
    UUID next = UUID.randomUUID();

    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> audit.in(tx).record(simple().id(id)))
              .isInstanceOfSatisfying(
                  MissingPartitionException.class,
                  e -> {
                    assertThat(e.table()).isEqualTo("audit_actions");
                    assertThat(e.id()).isEqualTo(id);
                  })
              .hasMessageContaining("ensureAhead()");
          assertThat(Sql.query(tx.connection(), "SELECT ?::uuid", r -> r.getObject(1), next))
              .containsExactly(next);
        });

    plinth.partitions().ensureAhead();
    assertThat(audit.find(audit.record(simple().id(id)))).isPresent();
  }

  @Test
  void record_acrossAMonthsEnd_isFoundAsOneHistory(SettableClock clock) {
    UUID before = audit.record(simple());
    clock.advance(Duration.ofDays(32));
    UUID after = audit.record(simple());

    assertThat(audit.history("order", "7", TEN).items())
        .extracting(AuditEntry::id)
        .containsExactly(after, before);
    assertThat(
            plinth.<List<String>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        "SELECT DISTINCT tableoid::regclass::text FROM plinth.audit_actions",
                        row -> row.getString(1))))
        .hasSize(2);
  }

  @Test
  void recordAll_several_keepsTheirOrderAndReturnsTheirIds() {
    List<Action> actions = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      actions.add(Action.of("step").actor(user).resource("run", i));
    }

    List<UUID> ids = audit.recordAll(actions);

    assertThat(ids).isSorted().doesNotHaveDuplicates().hasSize(300);
    assertThat(audit.find(ids.get(17)).orElseThrow().action().resource())
        .isEqualTo(Resource.of("run", "17"));
    assertThat(audit.recordAll(List.of())).isEmpty();
  }

  @Test
  void recordAll_oneOfAnotherTime_writesNoneStandalone() {
    UUID old = idAt(Instant.now().minus(Duration.ofDays(8)));

    assertThatThrownBy(() -> audit.recordAll(List.of(simple(), simple().id(old), simple())))
        .isInstanceOf(ImplausibleIdException.class);

    assertThat(audit.search(AuditQuery.all(), TEN).items()).isEmpty();
  }

  @Test
  void recordAll_partlyAgain_addsOnlyWhatIsMissing() {
    UUID first = plinth.ids().next();
    UUID second = plinth.ids().next();
    audit.record(simple().id(first));

    assertThat(audit.recordAll(List.of(simple().id(first), simple().id(second))))
        .containsExactly(first, second);
    assertThat(audit.search(AuditQuery.all(), TEN).items()).hasSize(2);
  }

  @Test
  void with_context_fillsWhatTheActionLeavesOpen() {
    AuditContext request =
        AuditContext.none()
            .withActor(Actor.user(user))
            .withClientIp("192.0.2.7")
            .withRequestId("r");

    UUID id =
        plinth.transactReturning(
            tx -> audit.with(request).in(tx).record(Action.of("a").actor(Actor.system("job"))));
    UUID other = audit.with(request).with(AuditContext.none().withRequestId("s")).record(simple());

    assertThat(audit.find(id).orElseThrow().action().context())
        .isEqualTo(request.withActor(Actor.system("job")));
    assertThat(audit.find(other).orElseThrow().action().context())
        .isEqualTo(request.withRequestId("s"));
  }

  @Test
  void record_onBehalfOfATenant_belongsToItAndIsFoundByItAlone() {
    UUID mine =
        plinth.transactReturning(
            TxOptions.defaults().withTenant("acme"), tx -> audit.in(tx).record(simple()));
    UUID theirs = audit.record(simple().tenant("other"));

    plinth.transact(
        TxOptions.defaults().withTenant("acme"),
        tx -> {
          assertThat(audit.in(tx).history("order", "7", TEN).items())
              .extracting(AuditEntry::id)
              .containsExactly(mine);
          assertThat(audit.in(tx).find(theirs)).isEmpty();
          assertThatThrownBy(() -> audit.in(tx).record(simple().tenant("other")))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage("tenant must be that of the transaction, or be left out");
        });
    assertThat(audit.search(AuditQuery.all().tenant("other"), TEN).items())
        .extracting(AuditEntry::id)
        .containsExactly(theirs);
  }

  @Test
  void record_manyWritersAtOnce_losesNothing() throws Exception {
    int writers = 8;
    int each = 50;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        int writer = w;
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    audit.record(Action.of("w").actor(user).resource("writer", writer));
                  }
                }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    for (int w = 0; w < writers; w++) {
      assertThat(audit.history("writer", "" + w, PageRequest.first(1000)).items()).hasSize(each);
    }
  }

  @Test
  void record_poolOfOne_standaloneInsideATransactionTakesPartInIt(TestDatabase database) {
    try (Plinth small = database.plinth(database.pool(1)).build();
        AuditLog log = AuditLog.create(small)) {
      UUID id =
          small.transactReturning(
              tx -> {
                log.sessions().open(user, Json.emptyObject());
                return log.record(simple());
              });

      assertThat(log.find(id)).isPresent();
    }
  }

  private UUID recordWithAnOrder(Connection host, int order) {
    Tx tx = plinth.join(host);
    Sql.update(host, "INSERT INTO orders VALUES (?)", order);
    return audit.in(tx).record(simple());
  }

  private Action simple() {
    return Action.of("order.created").actor(user).resource("order", 7);
  }

  private static UUID idAt(Instant time) {
    return new UuidV7(() -> time).next();
  }

  private static org.assertj.core.data.TemporalUnitOffset within() {
    return org.assertj.core.api.Assertions.within(1, ChronoUnit.MINUTES);
  }
}
