package dev.plinth.quota.internal;

import dev.plinth.core.spi.Schema;

/** Every statement of the module, rendered once for a schema. */
record Statements(
    ChargeStatement charge,
    UsageRows rows,
    ReleaseStatement release,
    CapStatements caps,
    UsageQuery usage,
    ViolationRecord violation,
    ViolationQuery violations) {

  static Statements of(Schema schema) {
    return new Statements(
        new ChargeStatement(schema),
        new UsageRows(schema),
        new ReleaseStatement(schema),
        new CapStatements(schema),
        new UsageQuery(schema),
        new ViolationRecord(schema),
        new ViolationQuery(new Db(schema)));
  }
}
