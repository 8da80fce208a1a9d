package dev.plinth.core.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a position costs on the wire, and what is told when the wire breaks. */
@PlinthTest
class ReadRoundTripsTest {
  private final FaultyProxy network;
  private final HikariDataSource pool;
  private final Plinth near;
  private final Plinth far;

  ReadRoundTripsTest(TestDatabase database, Plinth near) {
    this.near = near;
    this.network = FaultyProxy.to(database);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(1);
    this.pool = new HikariDataSource(config);
    // The "replica" is the primary itself, which has everything.
    this.far = Plinth.builder().dataSource(pool).readDataSource(pool).build();
  }

  @AfterEach
  void close() {
    far.close();
    pool.close();
    network.close();
  }

  @Test
  void writing_costsNoRoundTripMoreThanItsCommit() {
    LogPosition last = written();
    long before = network.roundTrips();
    for (int i = 0; i < 20; i++) {
      LogPosition position = written();
      assertThat(position.orLater(last)).isEqualTo(position);
      last = position;
    }
    assertThat(network.roundTrips() - before).isEqualTo(40);
  }

  @Test
  void read_withoutToken_isTwoRoundTripsAndWithOneThree() {
    LogPosition seen = written();
    long before = network.roundTrips();
    far.reads().read(ReadRoundTripsTest::select);
    assertThat(network.roundTrips() - before).isEqualTo(2);

    before = network.roundTrips();
    far.reads().read(ReadOptions.defaults().withAfter(seen), ReadRoundTripsTest::select);
    assertThat(network.roundTrips() - before).isEqualTo(3);
  }

  @Test
  void writing_answerToCommitLost_isUnknownAndTheRowIsThere() {
    written();
    network.loseNextCommit(FaultyProxy.Loss.AFTER_IT_HAPPENED);
    assertThatThrownBy(
            () ->
                far.reads()
                    .writing(
                        TxOptions.defaults(),
                        tx -> far.users().in(tx).create(NewUser.withExternalId("lost"))))
        .isInstanceOf(OutcomeUnknownException.class);
    assertThat(near.users().findByExternalId("lost")).isPresent();
    assertThat(written()).isNotNull();
  }

  private LogPosition written() {
    return far.reads()
        .<Integer, RuntimeException>writing(TxOptions.defaults(), ReadRoundTripsTest::select)
        .position();
  }

  private static int select(Tx tx) {
    return Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1)).get(0);
  }
}
