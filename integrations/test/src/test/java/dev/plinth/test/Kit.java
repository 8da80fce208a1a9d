package dev.plinth.test;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import java.util.List;

/** The entry point of a module that only these tests have. */
final class Kit implements AutoCloseable {
  private final Plinth plinth;
  private boolean closed;

  Kit(Plinth plinth) {
    this.plinth = plinth;
  }

  void add(String kind) {
    plinth.transact(
        tx -> {
          run("INSERT INTO {schema}.kinds (kind) VALUES ('" + kind + "')");
          run("INSERT INTO {schema}.entries (kind) VALUES ('" + kind + "')");
        });
  }

  void run(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), plinth.schema().render(sql)));
  }

  List<String> texts(String sql) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), plinth.schema().render(sql), row -> row.getString(1)));
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
  }

  /** The module. */
  static final class Module implements FeatureModule {
    @Override
    public String name() {
      return "kit";
    }

    @Override
    public List<String> migrations() {
      return List.of("kit");
    }

    @Override
    public Class<? extends AutoCloseable> entryPoint() {
      return Kit.class;
    }

    @Override
    public AutoCloseable create(Plinth plinth) {
      return new Kit(plinth);
    }
  }

  /** Puts the module into the Plinths under test. */
  static final class Customizer implements PlinthCustomizer {
    @Override
    public void customize(PlinthBuilder builder) {
      builder.modules(List.of(new Module()));
    }
  }
}
