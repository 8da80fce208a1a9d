package dev.plinth.test;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Gives a test class a migrated PostgreSQL database of its own, and its tests, constructors and
 * life-cycle methods parameters of type {@link dev.plinth.core.Plinth}, {@link TestDatabase},
 * {@link SettableClock}, {@link TestNodes}, {@link javax.sql.DataSource} and every module's entry
 * point, such as {@code Jobs}.
 *
 * <p>Every test begins with empty tables, the clock at the present, and a Plinth of its own that is
 * closed after it, together with the entry points and nodes made from it. What a {@code @BeforeAll}
 * method (or the constructor of a class with one instance for all tests) is given belongs to the
 * class instead, and lives until its last test has run. {@code @Nested} classes share the database
 * of the class around them. Classes may run at the same time; the tests of one class run one after
 * another, since they share its database.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(PlinthExtension.class)
@ResourceLock(providers = OneTestAtATime.class)
public @interface PlinthTest {
  /**
   * True for a server with {@code fsync=on}: needed to prove anything about crashes, and slower.
   */
  boolean durable() default false;

  /** The schema that holds Plinth's tables. */
  String schema() default "plinth";

  /** Whether the Plinth that each test is given is started. */
  boolean start() default false;

  /** Changes how the Plinths are built. */
  Class<? extends PlinthCustomizer> customizer() default PlinthCustomizer.None.class;
}
