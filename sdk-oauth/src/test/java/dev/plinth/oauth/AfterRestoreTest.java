package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A grant as a backup has it: in the middle of a refresh, its access token still valid. */
@PlinthTest
class AfterRestoreTest extends OAuthTestCase {
  @BeforeEach
  void grantAndRefreshUnderWay() {
    tokens.store(user, "acme", issuer.expired().expiresIn(Duration.ofHours(1)));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                INSERT INTO plinth.oauth2_token_refreshes (id, token_id, kind, base_version, started_at)
                SELECT '00000000-0000-7000-8000-000000000001', id, 'refresh', version, now()
                FROM plinth.oauth2_tokens;
                UPDATE plinth.oauth2_tokens
                SET lease_owner = gen_random_uuid(), lease_until = now() + interval '1 hour',
                    lease_fence = 5, refresh_id = '00000000-0000-7000-8000-000000000001'
                """));
  }

  @Test
  void leaseIsEnded_numbersJump_andTheNextUseAsksTheProvider() {
    assertThat(
            plinth
                .afterRestore(RestoreOptions.defaults())
                .rows("oauth", "grants to be checked at their next use"))
        .isEqualTo(1);

    assertThat(
            query(
                "SELECT version || ' ' || lease_fence FROM plinth.oauth2_tokens"
                    + " WHERE lease_owner IS NULL AND refresh_id IS NULL"))
        .containsExactly((1 + Restoring.FENCES_SKIPPED) + " " + (5 + Restoring.FENCES_SKIPPED));
    assertThat(query("SELECT outcome || ' ' || base_version FROM plinth.oauth2_token_refreshes"))
        .containsExactly("unknown " + (1 + Restoring.FENCES_SKIPPED));
    plinth.start();
    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(issuer.posts()).as("refreshed although the hour was not over").isEqualTo(1);
    assertThat(
            query(
                "SELECT attempt::text FROM plinth.oauth2_token_refreshes WHERE outcome = 'succeeded'"))
        .as("it repeats the one whose outcome nobody knows")
        .containsExactly("2");
  }

  @Test
  void grantsTrusted_theAccessTokenIsHandedOutAsBefore() {
    plinth.afterRestore(RestoreOptions.defaults().trustingGrants());

    plinth.start();
    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(issuer.posts()).isZero();
  }

  private List<String> query(String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }
}
