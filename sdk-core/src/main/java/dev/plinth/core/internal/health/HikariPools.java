package dev.plinth.core.internal.health;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.plinth.core.health.Health;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** What a HikariCP pool tells of itself. Loaded only when asked, since hosts need not have it. */
final class HikariPools {
  private HikariPools() {}

  /** The pool's use, or null when the DataSource is no such pool, or HikariCP is not there. */
  static Health.@Nullable Pool useOf(@Nullable DataSource dataSource) {
    if (dataSource == null) {
      return null;
    }
    try {
      return Present.useOf(dataSource);
    } catch (NoClassDefFoundError e) {
      return null;
    }
  }

  /** All that names HikariCP's types. */
  private static final class Present {
    static Health.@Nullable Pool useOf(DataSource dataSource) {
      try {
        HikariDataSource pool =
            dataSource instanceof HikariDataSource itself
                ? itself
                : dataSource.isWrapperFor(HikariDataSource.class)
                    ? dataSource.unwrap(HikariDataSource.class)
                    : null;
        if (pool == null) {
          return null;
        }
        HikariPoolMXBean use = pool.getHikariPoolMXBean();
        String name = String.valueOf(pool.getPoolName());
        // Before its first connection a pool has none to tell of.
        return use == null
            ? new Health.Pool(name, 0, 0, 0, pool.getMaximumPoolSize())
            : new Health.Pool(
                name,
                use.getActiveConnections(),
                use.getIdleConnections(),
                use.getThreadsAwaitingConnection(),
                pool.getMaximumPoolSize());
      } catch (SQLException | RuntimeException | AbstractMethodError e) {
        // A DataSource that routes to others may have none to ask at the moment, and an old one no
        // such method. Neither says anything of the database.
        return null;
      }
    }
  }
}
