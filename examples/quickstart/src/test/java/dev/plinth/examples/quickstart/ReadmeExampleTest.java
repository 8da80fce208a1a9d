package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.plinth.audit.Action;
import dev.plinth.audit.AuditLog;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.quota.QuotaExceededException;
import dev.plinth.quota.Quotas;
import dev.plinth.quota.Window;
import dev.plinth.test.PlinthTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** The README's example is this code, and it does what the README says. */
@PlinthTest
class ReadmeExampleTest {
  private final BlockingQueue<UUID> rendered = new LinkedBlockingQueue<>();

  record RenderArgs(UUID orderId) {}

  // begin
  static final JobType<RenderArgs> RENDER = JobType.of("render", RenderArgs.class);

  // end

  private void placeOrder(DataSource dataSource, UUID orderId, int megabytes)
      throws InterruptedException {
    // begin
    Plinth plinth = Plinth.builder().dataSource(dataSource).build();
    plinth.migrations().migrate();

    AuditLog audit = AuditLog.create(plinth);
    Quotas quotas =
        Quotas.builder(plinth)
            .limit("storage_mb", 50)
            .limit("req_hour", 1_000, Window.perHour())
            .build();
    Jobs jobs = Jobs.builder(plinth).handle(RENDER, (args, run) -> render(args)).build();
    UUID user = plinth.users().findOrCreate(NewUser.withExternalId("customer-1")).id();

    plinth.transact(
        tx -> {
          insertOrder(tx.connection(), orderId);
          quotas.in(tx).chargeOrThrow(user, "storage_mb", megabytes);
          jobs.in(tx).enqueue(RENDER, new RenderArgs(orderId));
          audit.in(tx).record(Action.of("order.created").actor(user).resource("order", orderId));
        });

    jobs.start();
    // end
    awaitRendering();
    jobs.close();
    quotas.close();
    audit.close();
    plinth.close();
  }

  @Test
  void example_withinTheQuota_doesAllOfIt(DataSource dataSource, Plinth plinth, AuditLog audit)
      throws Exception {
    UUID order = UUID.randomUUID();

    placeOrder(dataSource, order, 12);

    assertThat(rendered).containsExactly(order);
    assertThat(audit.history("order", order.toString(), PageRequest.first(10)).items()).hasSize(1);
    assertThat(exists(plinth, order)).isTrue();
  }

  @Test
  void example_overTheQuota_doesNoneOfIt(
      DataSource dataSource, Plinth plinth, AuditLog audit, Jobs jobs) {
    UUID order = UUID.randomUUID();

    assertThatExceptionOfType(QuotaExceededException.class)
        .isThrownBy(() -> placeOrder(dataSource, order, 51));

    assertThat(exists(plinth, order)).isFalse();
    assertThat(audit.history("order", order.toString(), PageRequest.first(10)).items()).isEmpty();
    assertThat(jobs.list(JobFilter.all(), Page.first(10))).isEmpty();
  }

  @Test
  void readme_showsThisCode() throws IOException {
    Path root = root();
    String source =
        Files.readString(
            root.resolve(
                "examples/quickstart/src/test/java/dev/plinth/examples/quickstart/ReadmeExampleTest.java"));

    assertThat(javaBlocks(Files.readString(root.resolve("README.md"))))
        .as("the README's Java")
        .contains(condensed(regions(source)));
  }

  /** What stands between {@code begin} and {@code end}, joined. */
  private static String regions(String source) {
    return Arrays.stream(source.split("// begin\n"))
        .skip(1)
        .filter(part -> part.contains("// end\n"))
        .map(part -> part.substring(0, part.indexOf("// end\n")))
        .collect(Collectors.joining());
  }

  private static List<String> javaBlocks(String markdown) {
    return List.of(markdown.split("```")).stream()
        .filter(block -> block.startsWith("java\n"))
        .map(block -> condensed(block.substring(5)))
        .collect(Collectors.toList());
  }

  /** Without white space, since a README is formatted for reading. */
  private static String condensed(String code) {
    return code.replaceAll("\\s+", "");
  }

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.exists(at.resolve(".ci/run"))) {
      at = at.getParent();
    }
    return at;
  }

  private static boolean exists(Plinth plinth, UUID order) {
    return plinth.transactReturning(
        tx -> {
          createOrders(tx.connection());
          return Sql.first(
                  tx.connection(),
                  "SELECT true FROM public.orders WHERE id = ?",
                  row -> row.getBoolean(1),
                  order)
              .isPresent();
        });
  }

  private static void insertOrder(Connection connection, UUID id) {
    createOrders(connection);
    Sql.update(connection, "INSERT INTO public.orders VALUES (?)", id);
  }

  private static void createOrders(Connection connection) {
    Sql.execute(connection, "CREATE TABLE IF NOT EXISTS public.orders (id uuid PRIMARY KEY)");
  }

  private void render(RenderArgs args) {
    rendered.add(args.orderId());
  }

  private void awaitRendering() throws InterruptedException {
    UUID first = rendered.poll(20, TimeUnit.SECONDS);
    assertThat(first).isNotNull();
    rendered.add(first);
  }
}
