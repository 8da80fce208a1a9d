package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchFilter;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.BatchPage;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.PlinthTest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest
class BatchListTest {
  private static List<BatchId> ids(List<Batch> batches) {
    return batches.stream().map(Batch::id).toList();
  }

  @Test
  void batches_pageByPage_newestFirstAndEachOnce(Jobs jobs) {
    List<BatchId> made = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      made.add(jobs.batch("b").create());
    }
    List<BatchId> read = new ArrayList<>();
    BatchPage page = BatchPage.first(3);
    for (List<Batch> found = jobs.batches(BatchFilter.all(), page);
        !found.isEmpty();
        found = jobs.batches(BatchFilter.all(), page)) {
      assertThat(found).hasSizeLessThanOrEqualTo(3);
      read.addAll(ids(found));
      page = page.after(found.get(found.size() - 1).id());
    }
    Collections.reverse(made);
    assertThat(read).isEqualTo(made);
  }

  @Test
  void batches_filtered_onlyThose(Plinth plinth, Jobs jobs) {
    UUID ada = plinth.users().create(NewUser.withExternalId("ada")).id();
    BatchId plain = jobs.batch("plain").create();
    BatchId hers = jobs.batch("hers").owner(ada).create();
    BatchId within = jobs.batch("within").parent(plain).create();
    jobs.seal(within);

    assertThat(ids(jobs.batches(BatchFilter.all().owner(ada), BatchPage.first(9))))
        .containsExactly(hers);
    assertThat(ids(jobs.batches(BatchFilter.all().name("plain"), BatchPage.first(9))))
        .containsExactly(plain);
    assertThat(ids(jobs.batches(BatchFilter.all().parent(plain), BatchPage.first(9))))
        .containsExactly(within);
    assertThat(ids(jobs.batches(BatchFilter.all().status(Batch.Status.SEALED), BatchPage.first(9))))
        .containsExactly(within);
    assertThat(
            jobs.batches(
                BatchFilter.all().status(Batch.Status.SEALED).name("plain"), BatchPage.first(9)))
        .isEmpty();
    assertThat(jobs.batches(BatchFilter.all().name("plain"), BatchPage.first(9)).get(0).batches())
        .as("counters that are not folded yet")
        .isEqualTo(new Batch.Batches(1, 0, 0, 0));
  }

  @Test
  void batches_inATenantsTransaction_onlyThatTenants(Plinth plinth, Jobs jobs) {
    TxOptions a = TxOptions.defaults().withTenant("a");
    jobs.batch("nobody's").create();
    BatchId own = plinth.transactReturning(a, tx -> jobs.in(tx).batch("own").create());
    plinth.transact(
        TxOptions.defaults().withTenant("b"), tx -> jobs.in(tx).batch("other's").create());
    List<Batch> seen =
        plinth.transactReturning(
            a, tx -> jobs.in(tx).batches(BatchFilter.all(), BatchPage.first(9)));
    assertThat(ids(seen)).containsExactly(own);
  }

  @Test
  void batches_badInput_refusedBySayingWhich(Jobs jobs) {
    assertThatThrownBy(() -> BatchPage.first(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("limit");
    assertThatThrownBy(() -> BatchFilter.all().name(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("name");
    assertThatThrownBy(() -> jobs.batches(null, BatchPage.first(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("filter");
  }

  @Test
  void batches_eachFilterAmongMany_readsItsIndex(Plinth plinth, Jobs jobs) {
    UUID ada = plinth.users().create(NewUser.withExternalId("ada")).id();
    BatchId parent = jobs.batch("parent").create();
    plinth.transact(
        tx -> {
          Sql.update(
              tx.connection(),
              """
              INSERT INTO plinth.batch_job_collections
                (id, collection_name, created_at, tenant_id, user_id, parent_id, status, completed_at)
              SELECT gen_random_uuid(), 'n' || n % 500, now(), 't' || n % 500,
                     CASE WHEN n % 500 = 1 THEN ?::uuid END, CASE WHEN n % 500 = 2 THEN ?::uuid END,
                     CASE WHEN n % 500 = 3 THEN 'sealed' ELSE 'failed' END,
                     CASE WHEN n % 500 = 3 THEN NULL ELSE now() END
              FROM generate_series(1, 20000) AS n
              """,
              ada,
              parent.value());
          Sql.execute(tx.connection(), "ANALYZE plinth.batch_job_collections");
        });
    BatchFilter all = BatchFilter.all();
    TxOptions nobody = TxOptions.defaults();
    assertThat(plan(plinth, nobody, all.owner(ada))).contains("user_id_id_idx");
    assertThat(plan(plinth, nobody, all.name("n7"))).contains("collection_name_id_idx");
    assertThat(plan(plinth, nobody, all.parent(parent))).contains("parent_id_id_idx");
    assertThat(plan(plinth, nobody, all.status(Batch.Status.SEALED))).contains("status_id_idx");
    assertThat(plan(plinth, nobody.withTenant("t9"), all)).contains("tenant_id_id_idx");
    assertThat(plan(plinth, nobody, all)).contains("batch_job_collections_pkey");
    // Were the counters of rows beyond the page summed up too, this would sort them.
    assertThat(plan(plinth, nobody, all))
        .doesNotContain("Sort")
        .doesNotContain("Seq Scan on batch_j");
  }

  private static String plan(Plinth plinth, TxOptions options, BatchFilter filter) {
    ReadBatches read = new ReadBatches(plinth.schema());
    return plinth.<String, RuntimeException>transactReturning(
        options,
        (Tx tx) -> {
          ReadBatches.Query query = read.listing(tx, filter, BatchPage.first(20));
          return String.join(
              "\n",
              Sql.query(
                  tx.connection(),
                  "EXPLAIN " + query.sql(),
                  row -> row.getString(1),
                  query.parameters().toArray()));
        });
  }
}
