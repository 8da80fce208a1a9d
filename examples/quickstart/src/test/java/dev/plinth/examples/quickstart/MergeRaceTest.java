package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.audit.AuditLog;
import dev.plinth.audit.AuditQuery;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.MergedUserException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.identity.User;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.oauth.ClientAuthentication;
import dev.plinth.oauth.Provider;
import dev.plinth.oauth.TokenSet;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Quotas;
import dev.plinth.test.PlinthTest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Users are merged while others charge, enqueue, store tokens and change them: whatever was
 * accepted is there afterwards, once, and it is the survivor's.
 */
@Tag("proof")
@PlinthTest
class MergeRaceTest {
  record Work(int number) {}

  private static final JobType<Work> WORK = JobType.of("work", Work.class);
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int ROUNDS = LARGE ? 25 : 4;
  private static final int WRITES = LARGE ? 40 : 12;

  /** A merge may meet a writer in a deadlock, which the own transaction repeats. */
  private static final TxOptions PATIENT = TxOptions.defaults().withMaxAttempts(100);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Plinth plinth;
  private final AuditLog audit;
  private final Jobs jobs;
  private Quotas quotas;
  private Tokens tokens;

  MergeRaceTest(Plinth plinth, AuditLog audit, Jobs jobs) {
    this.plinth = plinth;
    this.audit = audit;
    this.jobs = jobs;
  }

  @BeforeEach
  void open() {
    quotas =
        Quotas.builder(plinth).limit("files", 1_000_000).limit("storage_mb", 1_000_000).build();
    tokens =
        Tokens.builder(plinth)
            .provider(
                Provider.builder("mail")
                    .tokenEndpoint("http://127.0.0.1:9/token")
                    .clientId("c")
                    .clientAuthentication(ClientAuthentication.NONE)
                    .build())
            .build();
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    tokens.close();
    quotas.close();
  }

  @Test
  void merge_bothWaysAtOnceWhileOthersWrite_losesAndDoublesNothing() throws Exception {
    int merged = 0;
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      UUID a = user("a", round);
      UUID b = user("b", round);
      Tally tally = new Tally();
      List<Callable<Boolean>> calls = new ArrayList<>();
      calls.add(() -> merge(a, b));
      calls.add(() -> merge(b, a));
      calls.addAll(writers(a, tally));
      calls.addAll(writers(b, tally));

      List<Boolean> accepted = atOnce(calls);

      assertThat(accepted.subList(0, 2)).containsExactlyInAnyOrder(true, false);
      User first = plinth.users().find(a).orElseThrow();
      UUID survivor = first.mergedInto() == null ? a : b;
      assertOwns(survivor, survivor.equals(a) ? b : a, tally);
      merged++;
      refused += tally.refused.get();
    }
    System.out.printf(
        "merge races: %d rounds of 2 merges against %d writes, %d writes refused%n",
        merged, WRITES * 8, refused);
  }

  @Test
  void merge_chainAtOnce_everythingIsWhereTheLastOneIs() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      UUID a = user("a", round);
      UUID b = user("b", round);
      UUID c = user("c", round);
      Tally tally = new Tally();
      List<Callable<Boolean>> calls = new ArrayList<>();
      calls.add(() -> merge(a, b));
      calls.add(() -> merge(b, c));
      calls.addAll(writers(a, tally));

      atOnce(calls);
      // Where B went first, A could not follow it any more.
      if (plinth.users().find(a).orElseThrow().mergedInto() == null) {
        assertThat(merge(a, c)).isTrue();
      }

      for (UUID gone : List.of(a, b)) {
        assertThat(plinth.users().find(gone).orElseThrow().mergedInto()).isEqualTo(c);
      }
      assertThat(plinth.users().findByExternalId("a" + round).orElseThrow().id()).isEqualTo(c);
      assertOwns(c, a, tally);
    }
    plinth.migrations().verify();
  }

  @Test
  void erase_whileOthersWrite_leavesNothingBehind() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      UUID a = user("a", round);
      List<Callable<Boolean>> calls = new ArrayList<>();
      calls.add(() -> plinth.transactReturning(PATIENT, tx -> plinth.users().in(tx).erase(a)));
      calls.addAll(writers(a, new Tally()));

      assertThat(atOnce(calls).get(0)).isTrue();

      assertThat(count("user_usage WHERE user_id = ?", a)).isZero();
      assertThat(count("oauth2_tokens WHERE user_id = ? AND status <> 'revoked'", a)).isZero();
      assertThat(count("users WHERE id = ? AND erased_at IS NOT NULL AND email IS NULL", a))
          .isEqualTo(1);
    }
  }

  /** What was accepted. */
  private static final class Tally {
    private final AtomicInteger files = new AtomicInteger();
    private final AtomicInteger megabytes = new AtomicInteger();
    private final AtomicInteger jobs = new AtomicInteger();
    private final AtomicInteger tokens = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
  }

  private void assertOwns(UUID survivor, UUID gone, Tally tally) {
    var usage = quotas.usage(survivor);
    assertThat(usage.get(0).used()).isEqualByComparingTo(tally.files.toString());
    assertThat(usage.get(1).used()).isEqualByComparingTo(tally.megabytes.toString());
    assertThat(count("computational_jobs WHERE user_id = ?", survivor)).isEqualTo(tally.jobs.get());
    for (String table : List.of("computational_jobs", "user_usage", "quota_violations")) {
      assertThat(count(table + " WHERE user_id = ?", gone)).as(table).isZero();
    }
    assertThat(count("oauth2_tokens WHERE user_id = ? AND status <> 'revoked'", gone)).isZero();
    if (tally.tokens.get() > 0) {
      assertThat(count("oauth2_tokens WHERE user_id = ? AND status = 'active'", survivor))
          .isEqualTo(1);
    }
    // The trail tells of the merge, and forgets nobody.
    assertThat(
            audit
                .search(
                    AuditQuery.all().resource("user", gone.toString()).action("user.merged"),
                    PageRequest.first(10))
                .items())
        .hasSize(1);
  }

  /** Four kinds of writers, each writing several times. */
  private List<Callable<Boolean>> writers(UUID user, Tally tally) {
    List<Callable<Boolean>> writers = new ArrayList<>();
    writers.add(repeated(tally, tally.files, () -> quotas.chargeOrThrow(user, "files", 1)));
    writers.add(
        repeated(
            tally,
            tally.megabytes,
            () ->
                // A job and a charge in one transaction: both or neither.
                plinth.transact(
                    PATIENT,
                    tx -> {
                      quotas.in(tx).chargeOrThrow(user, "storage_mb", 1);
                      plinth.users().in(tx).find(user);
                    })));
    writers.add(
        repeated(
            tally,
            tally.jobs,
            () ->
                plinth.transact(
                    PATIENT,
                    tx ->
                        jobs.in(tx).enqueue(WORK, new Work(1), JobOptions.defaults().user(user)))));
    writers.add(
        repeated(
            tally,
            tally.tokens,
            () -> {
              plinth.transact(
                  PATIENT, tx -> tokens.in(tx).store(user, "mail", TokenSet.of("secret")));
              plinth.users().patchMetadata(user, Json.of("{\"n\": 1}"));
            }));
    return writers;
  }

  private static Callable<Boolean> repeated(Tally tally, AtomicInteger accepted, Runnable write) {
    return () -> {
      for (int i = 0; i < WRITES; i++) {
        try {
          write.run();
          accepted.incrementAndGet();
        } catch (UnknownUserException e) {
          tally.refused.incrementAndGet();
        }
      }
      return true;
    };
  }

  /** False when the other merge came first. */
  private boolean merge(UUID from, UUID into) {
    try {
      plinth.transact(PATIENT, tx -> plinth.users().in(tx).merge(from, into));
      return true;
    } catch (MergedUserException e) {
      return false;
    }
  }

  private UUID user(String name, int round) {
    return plinth
        .users()
        .create(NewUser.withExternalId(name + round).email(name + round + "@example.org"))
        .id();
  }

  private long count(String what, UUID user) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM plinth." + what,
                    row -> row.getLong(1),
                    user)
                .get(0));
  }

  private List<Boolean> atOnce(List<Callable<Boolean>> calls) throws Exception {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<Callable<Boolean>> together = new ArrayList<>();
    for (Callable<Boolean> call : calls) {
      together.add(
          () -> {
            start.await();
            return call.call();
          });
    }
    List<Boolean> results = new ArrayList<>();
    for (Future<Boolean> result : threads.invokeAll(together)) {
      try {
        results.add(result.get());
      } catch (ExecutionException e) {
        throw new AssertionError(e.getCause());
      }
    }
    return results;
  }
}
