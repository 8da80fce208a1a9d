package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.identity.User;
import dev.plinth.core.internal.json.StoredJson;
import dev.plinth.core.json.Json;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.JSONB;
import org.jooq.Record;
import org.jooq.TableField;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/** How rows of {@code users} become records, and the conditions that its indexes serve. */
final class UserRows {
  /** Everything but the password's hash, which never leaves the database with a user. */
  static final List<Field<?>> COLUMNS =
      List.of(
          USERS.ID,
          USERS.TENANT_ID,
          USERS.EXTERNAL_ID,
          USERS.EMAIL,
          USERS.USERNAME,
          USERS.FULL_NAME,
          USERS.PICTURE,
          USERS.ROLE,
          USERS.AUTH_PROVIDER,
          USERS.IS_ACTIVE,
          USERS.IS_VERIFIED,
          USERS.LAST_LOGIN_AT,
          USERS.SETTINGS,
          USERS.METADATA,
          USERS.CREATED_AT,
          USERS.UPDATED_AT,
          USERS.VERSION,
          USERS.DEACTIVATED_AT,
          USERS.MERGED_INTO,
          USERS.ERASED_AT);

  private UserRows() {}

  static User user(Record row) {
    return new User(
        row.get(USERS.ID),
        row.get(USERS.TENANT_ID),
        row.get(USERS.EXTERNAL_ID),
        row.get(USERS.EMAIL),
        row.get(USERS.USERNAME),
        row.get(USERS.FULL_NAME),
        row.get(USERS.PICTURE),
        row.get(USERS.ROLE),
        row.get(USERS.AUTH_PROVIDER),
        row.get(USERS.IS_ACTIVE),
        row.get(USERS.IS_VERIFIED),
        instant(row, USERS.LAST_LOGIN_AT),
        StoredJson.of(row.get(USERS.SETTINGS).data()),
        StoredJson.of(row.get(USERS.METADATA).data()),
        row.get(USERS.CREATED_AT).toInstant(),
        row.get(USERS.UPDATED_AT).toInstant(),
        row.get(USERS.VERSION),
        instant(row, USERS.DEACTIVATED_AT),
        row.get(USERS.MERGED_INTO),
        instant(row, USERS.ERASED_AT));
  }

  /** No tenant is compared like a tenant, as in the indexes. */
  static Condition ofTenant(Optional<String> tenant) {
    return DSL.coalesce(USERS.TENANT_ID, DSL.inline("")).eq(tenant.orElse(""));
  }

  /** Addresses are ASCII, so that Java and the collation "C" fold them alike. */
  static Condition withEmail(String email) {
    return foldedEmail().eq(email.toLowerCase(Locale.ROOT));
  }

  static Field<String> foldedEmail() {
    return DSL.lower(USERS.EMAIL.collate("C"));
  }

  static JSONB jsonb(Json json) {
    return JSONB.jsonb(json.text());
  }

  static @Nullable OffsetDateTime time(@Nullable Instant instant) {
    return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
  }

  private static @Nullable Instant instant(Record row, TableField<Record, OffsetDateTime> column) {
    OffsetDateTime time = row.get(column);
    return time == null ? null : time.toInstant();
  }
}
