package dev.plinth.core.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UserDeactivated;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An environment that binds its transaction to the thread, as Spring does. */
@PlinthTest
class ConnectionSourceTest {
  private final DataSource pool;
  private final ThreadBound environment;
  private final Plinth plinth;

  ConnectionSourceTest(DataSource pool) {
    this.pool = pool;
    this.environment = new ThreadBound(pool);
    this.plinth = Plinth.builder().connectionSource(environment).build();
  }

  @Test
  void standaloneCall_insideTheEnvironmentsTransaction_takesPartInIt() throws SQLException {
    environment.begin();
    plinth.users().create(NewUser.withExternalId("a"));
    plinth.transact(
        tx -> {
          assertThat(tx.isJoined()).isTrue();
          assertThat(plinth.users().findByExternalId("a")).isPresent();
        });
    assertThat(environment.opened).isZero();
    environment.rollback();

    assertThat(plinth.users().findByExternalId("a")).isEmpty();
  }

  @Test
  void afterCommit_insideTheEnvironmentsTransaction_followsItsEnd() throws SQLException {
    List<UUID> heard = new ArrayList<>();
    plinth.events().afterCommit(UserDeactivated.class, event -> heard.add(event.userId()));
    UUID id = plinth.users().create(NewUser.withExternalId("b")).id();

    environment.begin();
    plinth.users().deactivate(id);
    environment.rollback();
    assertThat(heard).isEmpty();

    environment.begin();
    plinth.users().deactivate(id);
    assertThat(heard).isEmpty();
    environment.commit();
    assertThat(heard).containsExactly(id);
  }

  @Test
  void transactSeparately_insideTheEnvironmentsTransaction_opensItsOwn() throws SQLException {
    environment.begin();
    plinth.transactSeparately(
        TxOptions.defaults(), tx -> plinth.users().in(tx).create(NewUser.withExternalId("c")));
    environment.rollback();

    assertThat(plinth.users().findByExternalId("c")).isPresent();
  }

  @Test
  void environmentNamesAConnectionInAutoCommit_isRefused() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      environment.bound = connection;

      assertThatThrownBy(() -> plinth.users().find(UUID.randomUUID()))
          .isInstanceOf(NoTransactionException.class);
      environment.bound = null;
    }
  }

  @Test
  void of_twoDataSources_readsElsewhere() throws SQLException {
    ConnectionSource source = ConnectionSource.of(pool, pool);

    assertThat(source.readsElsewhere()).isTrue();
    source.openForReads().close();
    assertThat(ConnectionSource.of(pool).readsElsewhere()).isFalse();
    assertThat(ConnectionSource.of(pool).current()).isEmpty();
    assertThat(ConnectionSource.of(pool).afterCommit(() -> {})).isFalse();
  }

  /** As much of a framework as matters here; used by one thread. */
  private static final class ThreadBound implements ConnectionSource {
    private final DataSource pool;
    private final List<Runnable> callbacks = new ArrayList<>();
    @Nullable Connection bound;
    int opened;

    ThreadBound(DataSource pool) {
      this.pool = pool;
    }

    void begin() throws SQLException {
      opened = 0;
      bound = pool.getConnection();
      bound.setAutoCommit(false);
    }

    void commit() throws SQLException {
      end(true);
      callbacks.forEach(Runnable::run);
      callbacks.clear();
    }

    void rollback() throws SQLException {
      end(false);
      callbacks.clear();
    }

    private void end(boolean commit) throws SQLException {
      try (Connection ending = current().orElseThrow()) {
        bound = null;
        if (commit) {
          ending.commit();
        } else {
          ending.rollback();
        }
      }
    }

    @Override
    public Connection open() throws SQLException {
      opened++;
      return pool.getConnection();
    }

    @Override
    public Optional<Connection> current() {
      return Optional.ofNullable(bound);
    }

    @Override
    public boolean afterCommit(Runnable callback) {
      return bound != null && callbacks.add(callback);
    }
  }
}
