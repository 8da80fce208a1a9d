package dev.plinth.core.identity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.test.PlinthTest;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Users and the vault in a schema whose name needs quoting. */
@PlinthTest(schema = "my Schema")
class QuotedSchemaTest {
  @Test
  void users_everyStatement_findsItsTable(Plinth plinth) {
    Users users = plinth.users();
    User ada = users.create(NewUser.withEmail("ada@example.org"));
    User bob = users.findOrCreate(NewUser.withExternalId("bob"));

    assertThatThrownBy(() -> users.update(bob.withEmail("ADA@example.org")))
        .isInstanceOf(DuplicateUserException.class);
    User changed = users.update(bob.withEmail("bob@example.org"));
    assertThat(users.deactivate(ada.id())).isTrue();
    assertThat(users.findByEmail("BOB@example.org")).contains(changed);
    assertThat(users.page(null, 10)).hasSize(2);
  }

  @Test
  void vault_everyStatement_findsItsTable(DataSource pool) {
    Cell cell = new Cell("t", "c", "1");
    try (Plinth plinth =
        Plinth.builder()
            .dataSource(pool)
            .schema("my Schema")
            .keys(KeyRing.of("a", new byte[32]))
            .build()) {
      byte[] sealed = plinth.vault().encrypt(cell, "x".getBytes(UTF_8));

      assertThat(plinth.vault().decrypt(cell, sealed)).isEqualTo("x".getBytes(UTF_8));
    }
  }
}
