package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Many jobs at once, which go through COPY; fewer go through INSERT, and must come out the same.
 */
@PlinthTest
final class BulkTest {
  /** What the text format of COPY, JSON and SQL have their own ideas about. */
  private static final String HOSTILE =
      "tab\t newline\n return\r backslash\\ \\N \\. quote' double\" nul-like \\0 \\x41 é 𝄞 \u0001";

  private static final JobType<Note> NOTE = JobType.of("no\\te\t'x", Note.class);

  private Jobs jobs;

  record Note(int number, String text) {}

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private static List<Note> notes(int count) {
    return IntStream.range(0, count).mapToObj(i -> new Note(i, HOSTILE)).toList();
  }

  private static JobOptions everything(UUID user, BatchId batch, JobId parent) {
    return JobOptions.defaults()
        .user(user)
        .batch(batch)
        .parent(parent)
        .priority(-7)
        .maxAttempts(3)
        .definition("def\\n\tinition")
        .subject("sub\nject")
        .trigger("web\\hook")
        .metadata(Json.of("{\"a\": \"\\\\ \\n \\t\"}"))
        .limitKey("key\\.")
        .deadline(Instant.parse("2100-01-01T00:00:00.123456Z"))
        .timeout(Duration.ofSeconds(7));
  }

  @Test
  void enqueueAll_many_areWrittenAsFewWouldBe(Plinth plinth) {
    UUID user = plinth.users().findOrCreate(NewUser.withExternalId("u")).id();
    BatchId batch = jobs.batch("all").owner(user).create();
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Kinds.Number(1));
    JobOptions options = everything(user, batch, parent);

    List<JobId> many = jobs.enqueueAll(NOTE, notes(1_500), options);
    List<JobId> few = jobs.enqueueAll(NOTE, notes(2), options);

    assertThat(many).hasSize(1_500).doesNotHaveDuplicates();
    Job bulk = jobs.find(many.get(1)).orElseThrow();
    Job single = jobs.find(few.get(1)).orElseThrow();
    assertThat(plinth.json().read(bulk.args(), Note.class)).isEqualTo(new Note(1, HOSTILE));
    assertThat(bulk).usingRecursiveComparison().ignoringFields("id", "createdAt").isEqualTo(single);
    assertThat(jobs.batch(batch).orElseThrow().total()).isEqualTo(1_502);
    assertThat(rows(plinth, "job_deadlines")).isEqualTo(1_502);
  }

  @Test
  void enqueueAll_manyForLater_waitForTheirTime(Plinth plinth) {
    List<JobId> many =
        jobs.enqueueAll(NOTE, notes(1_200), JobOptions.defaults().delay(Duration.ofHours(1)));

    Job job = jobs.find(many.get(1_199)).orElseThrow();
    assertThat(job.status()).isEqualTo(JobStatus.SCHEDULED);
    assertThat(job.runAt()).isEqualTo(job.createdAt().plus(Duration.ofHours(1)));
    assertThat(rows(plinth, "job_delayed")).isEqualTo(1_200);
  }

  @Test
  void enqueueAll_manyAfterAnother_waitForIt(Plinth plinth) {
    JobId first = jobs.enqueue(Kinds.PLAIN, new Kinds.Number(1));
    List<JobId> many = jobs.enqueueAll(NOTE, notes(1_100), JobOptions.defaults().after(first));

    assertThat(jobs.find(many.get(0)).orElseThrow().status()).isEqualTo(JobStatus.WAITING);
    assertThat(rows(plinth, "job_waiting")).isEqualTo(1_100);
  }

  @Test
  void enqueueAll_manyInATransactionThatRollsBack_leaveNothing(Plinth plinth) {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      jobs.in(tx).enqueueAll(NOTE, notes(3_000), JobOptions.defaults());
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(rows(plinth, "computational_jobs")).isZero();
    assertThat(rows(plinth, "job_ready")).isZero();
  }

  @Test
  void enqueueAll_manyOfATenant_areThatTenants(Plinth plinth) {
    List<JobId> many =
        plinth.transactReturning(
            TxOptions.defaults().withTenant("acme"),
            tx -> jobs.in(tx).enqueueAll(NOTE, notes(1_000), JobOptions.defaults()));

    assertThat(jobs.find(many.get(0)).orElseThrow().tenantId()).isEqualTo("acme");
  }

  private static long rows(Plinth plinth, String table) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    plinth.schema().render("SELECT count(*) FROM {schema}." + table),
                    row -> row.getLong(1))
                .get(0));
  }
}
