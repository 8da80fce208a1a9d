package dev.plinth.core.internal;

import dev.plinth.core.internal.json.JacksonCodec;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.password.PasswordOptions;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.vault.KeyProvider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executor;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What the builder collected. Each component is explained at the builder's method of the same name.
 */
public record Settings(
    @Nullable ConnectionSource source,
    @Nullable DataSource migrationDataSource,
    @Nullable DataSource notificationDataSource,
    boolean notifications,
    Schema schema,
    @Nullable KeyProvider keys,
    JsonCodec json,
    InstantSource clock,
    @Nullable Executor executor,
    @Nullable List<FeatureModule> modules,
    String nodeName,
    Duration timeToLive,
    Duration migrationLockTimeout,
    Duration maintenanceLimit,
    PasswordOptions passwords,
    boolean rowLevelSecurity) {
  /** What holds when the builder is told nothing. */
  public static Settings defaults() {
    return new Settings(
        null,
        null,
        null,
        true,
        Schema.of(Schema.DEFAULT_NAME),
        null,
        new JacksonCodec(),
        InstantSource.system(),
        null,
        null,
        NodeName.ofThisProcess(),
        Duration.ofSeconds(30),
        Duration.ofMinutes(15),
        Duration.ofHours(1),
        PasswordOptions.defaults(),
        false);
  }

  /** The same with another {@code source}. */
  public Settings withSource(ConnectionSource value) {
    return new Settings(
        value,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code migrationDataSource}. */
  public Settings withMigrationDataSource(DataSource value) {
    return new Settings(
        source,
        value,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code notificationDataSource}. */
  public Settings withNotificationDataSource(DataSource value) {
    return new Settings(
        source,
        migrationDataSource,
        value,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code notifications}. */
  public Settings withNotifications(boolean value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        value,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code schema}. */
  public Settings withSchema(Schema value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        value,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code keys}. */
  public Settings withKeys(KeyProvider value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        value,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code json}. */
  public Settings withJson(JsonCodec value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        value,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code clock}. */
  public Settings withClock(InstantSource value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        value,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code executor}. */
  public Settings withExecutor(Executor value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        value,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code modules}. */
  public Settings withModules(List<FeatureModule> value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        value,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code nodeName}. */
  public Settings withNodeName(String value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        value,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code timeToLive}. */
  public Settings withTimeToLive(Duration value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        value,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code migrationLockTimeout}. */
  public Settings withMigrationLockTimeout(Duration value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        value,
        maintenanceLimit,
        passwords,
        rowLevelSecurity);
  }

  /** The same with another {@code maintenanceLimit}. */
  public Settings withMaintenanceLimit(Duration value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        value,
        passwords,
        rowLevelSecurity);
  }

  /** The same with other {@code passwords}. */
  public Settings withPasswords(PasswordOptions value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        value,
        rowLevelSecurity);
  }

  /** The same with another {@code rowLevelSecurity}. */
  public Settings withRowLevelSecurity(boolean value) {
    return new Settings(
        source,
        migrationDataSource,
        notificationDataSource,
        notifications,
        schema,
        keys,
        json,
        clock,
        executor,
        modules,
        nodeName,
        timeToLive,
        migrationLockTimeout,
        maintenanceLimit,
        passwords,
        value);
  }
}
