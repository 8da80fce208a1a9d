package dev.plinth.audit.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.SQLException;
import org.jooq.DSLContext;
import org.jooq.ExecuteContext;
import org.jooq.ExecuteListener;
import org.jooq.SQLDialect;
import org.jooq.conf.MappedSchema;
import org.jooq.conf.RenderMapping;
import org.jooq.conf.Settings;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultConfiguration;
import org.jooq.impl.DefaultExecuteListenerProvider;

/**
 * jOOQ on a transaction's connection, with the schema's name filled in at run time. Failures arrive
 * as Plinth's exceptions.
 */
final class Db {
  private final Settings settings;

  Db(Schema schema) {
    this.settings =
        new Settings()
            .withExecuteLogging(false)
            .withRenderMapping(
                new RenderMapping()
                    .withSchemata(
                        new MappedSchema()
                            .withInput(Schema.DEFAULT_NAME)
                            .withOutput(schema.name())));
  }

  /** Statements run here take part in the transaction. */
  DSLContext on(Tx tx) {
    return DSL.using(
        new DefaultConfiguration()
            .set(tx.connection())
            .set(SQLDialect.POSTGRES)
            .set(settings)
            .set(new DefaultExecuteListenerProvider(new Translation())));
  }

  /** Puts Plinth's exceptions in the place of jOOQ's, whose messages quote the statement. */
  private static final class Translation implements ExecuteListener {
    private static final long serialVersionUID = 1L;

    @Override
    public void exception(ExecuteContext context) {
      SQLException failure = context.sqlException();
      if (failure != null) {
        context.exception(Sql.failure(failure));
      }
    }
  }
}
