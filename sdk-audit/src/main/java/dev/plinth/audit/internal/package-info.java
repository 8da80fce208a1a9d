/**
 * The audit log on PostgreSQL: one class per use of the tables. Nothing outside the audit module
 * may call in here; start with {@link dev.plinth.audit.internal.PostgresAuditLog}.
 */
@NullMarked
package dev.plinth.audit.internal;

import org.jspecify.annotations.NullMarked;
