package dev.plinth.core.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.DuplicateUserException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A part of a transaction that can be taken back. */
@PlinthTest
class SavepointTest {
  private final TestDatabase database;
  private final Plinth plinth;
  private final List<String> called = new ArrayList<>();

  SavepointTest(TestDatabase database, Plinth plinth) {
    this.database = database;
    this.plinth = plinth;
  }

  @BeforeEach
  void hostTable() throws SQLException {
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "DROP TABLE IF EXISTS t; CREATE TABLE t (n int PRIMARY KEY)");
    }
  }

  private void insert(Tx tx, int n) {
    Sql.update(tx.connection(), "INSERT INTO t VALUES (?)", n);
    tx.afterCommit(() -> called.add("after " + n));
  }

  private List<Integer> rows() throws SQLException {
    try (Connection connection = database.connect()) {
      return Sql.query(connection, "SELECT n FROM t ORDER BY n", row -> row.getInt(1));
    }
  }

  @Test
  void workReturns_allOfItCommitsWithTheRest() throws SQLException {
    int result =
        plinth.transactReturning(
            tx -> {
              insert(tx, 1);
              int inner =
                  tx.inSavepointReturning(
                      same -> {
                        assertThat(same).isSameAs(tx);
                        insert(same, 2);
                        return 7;
                      });
              insert(tx, 3);
              return inner;
            });

    assertThat(result).isEqualTo(7);
    assertThat(rows()).containsExactly(1, 2, 3);
    assertThat(called).containsExactly("after 1", "after 2", "after 3");
  }

  @Test
  void workThrows_itsWritesAndCallbacksAreGone_theRestCommits() throws SQLException {
    IOException failure = new IOException("refused");

    Throwable thrown =
        thrownBetweenOneAndThree(
            same -> {
              insert(same, 2);
              throw failure;
            });

    assertThat(thrown).isSameAs(failure).hasNoSuppressedExceptions();
  }

  /** What comes out of a savepoint, when nothing of its work stays and the rest goes on. */
  private Throwable thrownBetweenOneAndThree(TxAction<Exception> work) throws SQLException {
    Throwable thrown =
        plinth.transactReturning(
            tx -> {
              insert(tx, 1);
              Throwable caught = catchThrowable(() -> tx.inSavepoint(work));
              insert(tx, 3);
              return caught;
            });
    assertThat(rows()).containsExactly(1, 3);
    assertThat(called).containsExactly("after 1", "after 3");
    return thrown;
  }

  @Test
  void statementFails_theTransactionGoesOn() throws SQLException {
    plinth.transact(
        tx -> {
          insert(tx, 1);
          assertThatThrownBy(() -> tx.inSavepoint(same -> insert(same, 1)))
              .isInstanceOfSatisfying(
                  DatabaseException.class, e -> assertThat(e.sqlState()).contains("23505"));
          insert(tx, 2);
        });

    assertThat(rows()).containsExactly(1, 2);
  }

  @Test
  void workSwallowsAFailedStatement_isTakenBackAndTold() throws SQLException {
    Throwable thrown =
        thrownBetweenOneAndThree(
            same -> {
              insert(same, 2);
              assertThatThrownBy(() -> insert(same, 1)).isInstanceOf(DatabaseException.class);
            });

    assertThat(thrown)
        .isInstanceOf(TransactionAbortedException.class)
        .hasMessageContaining("all of that work is taken back");
  }

  @Test
  void nested_innerIsTakenBackAlone_outerTakesItAlong() throws SQLException {
    plinth.transact(
        tx -> {
          tx.inSavepoint(
              outer -> {
                insert(outer, 1);
                outer.inSavepoint(inner -> insert(inner, 2));
                assertThatThrownBy(
                        () ->
                            outer.inSavepoint(
                                inner -> {
                                  insert(inner, 3);
                                  throw new IllegalStateException("inner");
                                }))
                    .hasMessage("inner");
              });
          assertThatThrownBy(
                  () ->
                      tx.inSavepoint(
                          outer -> {
                            outer.inSavepoint(inner -> insert(inner, 4));
                            throw new IllegalStateException("outer");
                          }))
              .hasMessage("outer");
        });

    assertThat(rows()).containsExactly(1, 2);
    assertThat(called).containsExactly("after 1", "after 2");
  }

  @Test
  void modulesWorkInside_goesWithIt_andSoDoesANestedTransaction() {
    plinth.transact(
        tx -> {
          assertThatThrownBy(
                  () ->
                      tx.inSavepoint(
                          same -> {
                            plinth.users().in(same).create(NewUser.withExternalId("taken back"));
                            plinth.transact(
                                joined -> plinth.users().create(NewUser.withExternalId("nested")));
                            plinth.users().create(NewUser.withExternalId("nested"));
                          }))
              .isInstanceOf(DuplicateUserException.class);
          plinth.users().in(tx).create(NewUser.withExternalId("kept"));
        });

    assertThat(plinth.users().findByExternalId("kept")).isPresent();
    assertThat(plinth.users().findByExternalId("taken back")).isEmpty();
    assertThat(plinth.users().findByExternalId("nested")).isEmpty();
  }

  @Test
  void hostsTransaction_theSame() throws SQLException {
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      JoinedTx tx = plinth.join(host);
      insert(tx, 1);
      assertThatThrownBy(() -> tx.inSavepoint(same -> insert(same, 1)))
          .isInstanceOf(DatabaseException.class);
      tx.inSavepoint(same -> insert(same, 2));
      host.commit();
      tx.committed();
    }

    assertThat(rows()).containsExactly(1, 2);
    assertThat(called).containsExactly("after 1", "after 2");
  }

  @Test
  void environmentTakesCallbacks_getsThemWhenTheSavepointIsReleased() throws SQLException {
    List<Runnable> taken = new ArrayList<>();
    try (Connection host = database.connect();
        Plinth embedded =
            Plinth.builder()
                .connectionSource(
                    new ConnectionSource() {
                      @Override
                      public Connection open() throws SQLException {
                        return DriverManager.getConnection(database.url());
                      }

                      @Override
                      public Optional<Connection> current() {
                        return Optional.of(host);
                      }

                      @Override
                      public boolean afterCommit(Runnable callback) {
                        return taken.add(callback);
                      }
                    })
                .schema(database.schema("plinth"))
                .build()) {
      host.setAutoCommit(false);
      embedded.transact(
          tx -> {
            tx.inSavepoint(
                same -> {
                  insert(same, 1);
                  assertThat(taken).isEmpty();
                });
            assertThat(taken).hasSize(1);
            assertThatThrownBy(() -> tx.inSavepoint(same -> insert(same, 1)))
                .isInstanceOf(DatabaseException.class);
            assertThat(taken).hasSize(1);
          });
      host.rollback();
    }
  }

  @Test
  void noTransactionOrAFailedOne_isToldBeforeAnySavepoint() throws SQLException {
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      JoinedTx tx = plinth.join(host);
      insert(tx, 1);
      assertThatThrownBy(() -> insert(tx, 1)).isInstanceOf(DatabaseException.class);
      assertThatThrownBy(() -> tx.inSavepoint(same -> called.add("work")))
          .isInstanceOf(TransactionAbortedException.class);
      host.rollback();
      host.setAutoCommit(true);
      assertThatThrownBy(() -> tx.inSavepoint(same -> called.add("work")))
          .isInstanceOf(NoTransactionException.class);
    }

    assertThat(called).isEmpty();
  }

  @Test
  void connectionIsLostInside_theFirstErrorIsTheOneToldOf() throws SQLException {
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      JoinedTx tx = plinth.join(host);
      int pid = Sql.query(host, "SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);

      assertThatThrownBy(
              () ->
                  tx.inSavepoint(
                      same -> {
                        try (Connection other = database.connect()) {
                          Sql.query(
                              other,
                              "SELECT pg_terminate_backend(?, 60000)",
                              row -> row.getBoolean(1),
                              pid);
                        }
                        insert(same, 1);
                      }))
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> {
                assertThat(e.sqlState().orElseThrow()).matches("57P01|08.*");
                assertThat(e.getSuppressed()).hasSize(1);
              });
    }

    assertThat(rows()).isEmpty();
  }
}
