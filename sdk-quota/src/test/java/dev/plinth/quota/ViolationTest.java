package dev.plinth.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest
class ViolationTest {
  @Test
  void denials_inOneMinute_areFoldedPerLimit(Plinth plinth, Quotas quotas, SettableClock clock) {
    UUID user = Given.user(plinth);
    clock.set(Instant.parse("2030-05-05T10:40:05Z"));
    for (int i = 0; i < 20; i++) {
      quotas.charge(user, Charge.of("req_hour", 1_001).and("files", 10_001).and("storage_mb", 1));
    }

    List<Violation> violations = quotas.violations(user, null, 10);

    assertThat(violations).extracting(Violation::limit).containsExactly("req_hour", "files");
    assertThat(violations)
        .allSatisfy(
            violation -> {
              assertThat(violation.denials()).isEqualTo(20);
              assertThat(violation.minute()).isEqualTo(Instant.parse("2030-05-05T10:40:00Z"));
              assertThat(violation.firstAt()).isBefore(violation.lastAt());
            });
    assertThat(violations.get(0).details().text())
        .contains("\"cap\": 1000", "\"requested\": 1001", "\"used\": 0", "2030-05-05T11:00:00");
  }

  @Test
  void denial_whileTheUserIsBeingRenamed_doesNotWaitForIt(
      Plinth plinth, Quotas quotas, TestDatabase database) throws SQLException {
    UUID user = Given.user(plinth);
    try (Connection renaming = database.connect()) {
      renaming.setAutoCommit(false);
      Sql.update(renaming, "UPDATE plinth.users SET username = 'renamed' WHERE id = ?", user);

      plinth.transact(
          tx -> {
            Sql.execute(tx.connection(), "SET LOCAL lock_timeout = '10s'");
            assertThat(quotas.in(tx).charge(user, Charge.of("files", 10_001)))
                .isInstanceOf(Decision.Denied.class);
          });

      renaming.commit();
    }
    assertThat(quotas.violations(user, null, 10)).hasSize(1);
  }

  @Test
  void violations_pageByPage_givesEachOnceWithTheNewestFirst(
      Plinth plinth, Quotas quotas, SettableClock clock) {
    UUID user = Given.user(plinth);
    clock.set(Instant.parse("2030-05-05T10:40:05Z"));
    for (int i = 0; i < 5; i++) {
      quotas.charge(user, Charge.of("req_hour", 1_001).and("files", 10_001));
      clock.advance(Duration.ofMinutes(1));
    }

    List<Violation> all = new ArrayList<>();
    List<Violation> page = quotas.violations(user, null, 3);
    while (!page.isEmpty()) {
      all.addAll(page);
      page = quotas.violations(user, all.get(all.size() - 1), 3);
    }

    assertThat(all).hasSize(10).doesNotHaveDuplicates();
    assertThat(all)
        .extracting(Violation::minute)
        .isSortedAccordingTo((one, other) -> other.compareTo(one));
  }
}
