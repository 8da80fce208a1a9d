package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.core.vault.TamperedException;
import dev.plinth.core.vault.VaultException;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest(start = true, schema = "my \"Schema\"")
class StoreTest extends OAuthTestCase {
  @Test
  void store_again_replacesTheGrant() {
    StoredToken first = tokens.store(user, "acme", TokenSet.of("a").refreshToken("r"));
    StoredToken second = tokens.store(user, "acme", TokenSet.of("b").scopes("x"));

    assertThat(second.id()).isEqualTo(first.id());
    assertThat(second.version()).isEqualTo(2);
    assertThat(tokens.fresh(user, "acme").orElseThrow().accessToken().value()).isEqualTo("b");
    assertThat(tokens.find(user, "acme")).contains(second);
  }

  @Test
  void store_inATransactionThatRollsBack_leavesNothing() {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      tokens.in(tx).store(user, "acme", TokenSet.of("a"));
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(tokens.find(user, "acme")).isEmpty();
  }

  @Test
  void store_unknownUserOrProvider_isRefusedAndTheTransactionGoesOn() {
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> tokens.in(tx).store(new UUID(1, 2), "acme", TokenSet.of("a")))
              .isInstanceOf(UnknownUserException.class);
          assertThatThrownBy(() -> tokens.in(tx).store(user, "nobody", TokenSet.of("a")))
              .isInstanceOf(UnknownProviderException.class)
              .hasMessageContaining("tokens.providers().save");
          tokens.in(tx).store(user, "acme", TokenSet.of("a"));
        });

    assertThat(tokens.find(user, "acme")).isPresent();
  }

  @Test
  void store_firstGrantTwiceAtOnce_makesOneRow() throws Exception {
    for (int i = 0; i < 20; i++) {
      String mine = "p" + i;
      tokens.providers().save(provider(mine));
      var other = Background.run(() -> tokens.store(user, mine, TokenSet.of("a")));
      StoredToken here = tokens.store(user, mine, TokenSet.of("b"));
      assertThat(other.get().id()).isEqualTo(here.id());
    }
  }

  @Test
  void fresh_wrongVaultKey_failsWithoutCallingAnyone(TestDatabase database) {
    tokens.store(user, "acme", issuer.expired());
    try (Plinth stranger =
            Plinth.builder()
                .dataSource(database.pool(3))
                .schema(database.schema("my \"Schema\""))
                .keys(KeyRing.of("stranger", new byte[32]))
                .build();
        Tokens lost = Tokens.create(stranger)) {
      assertThatThrownBy(() -> lost.fresh(user, "acme")).isInstanceOf(VaultException.class);
      assertThat(lost.revoke(user, "acme"))
          .as("nobody is to be told, so no key is needed")
          .isTrue();
    }
    assertThat(issuer.posts()).isZero();
  }

  @Test
  void fresh_ciphertextMovedToAnotherColumn_isTampered() {
    tokens.store(user, "acme", issuer.expired());
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                plinth
                    .schema()
                    .render("UPDATE {schema}.oauth2_tokens SET refresh_token = access_token")));

    assertThatThrownBy(() -> tokens.fresh(user, "acme")).isInstanceOf(TamperedException.class);
    assertThat(issuer.posts()).isZero();
  }

  @Test
  void secrets_afterEverythingThatCanHappen_standNowhereInTheClear() {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    List<String> said = new ArrayList<>();
    plinth
        .events()
        .inTransaction(PlinthEvent.class, (tx, event) -> said.add(event + "" + event.fact()));
    try {
      TokenSet granted = issuer.expired().idToken("id-" + HostileIssuer.MARK);
      said.add(granted.toString());
      said.add(issuer.provider().build().toString());
      said.add(tokens.store(user, "acme", granted).toString());
      said.add(tokens.fresh(user, "acme").toString());
      tokens.store(user, "acme", issuer.expired());
      issuer.nextAnswer(401, "{\"error\":\"" + HostileIssuer.MARK + "\"}");
      said.add(failure());
      tokens.providers().save(issuer.provider().build());
      issuer.nextAnswer(200, HostileIssuer.MARK);
      issuer.nextAnswer(200, "{\"access_token\":{\"" + HostileIssuer.MARK + "\":1}}");
      said.add(failure());
      tokens.store(user, "acme", issuer.expired());
      issuer.nextAnswer(400, "{\"error\":\"invalid_grant\"}");
      said.add(tokens.fresh(user, "acme").toString());
      said.add(tokens.providers().list().toString());
      said.add(tokens.refreshes(user, "acme").toString());
    } finally {
      System.setErr(before);
    }

    assertThat(said).noneMatch(text -> text.contains(HostileIssuer.MARK));
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("refuses")
        .doesNotContain(HostileIssuer.MARK);
    String hex = HexFormat.of().formatHex(HostileIssuer.MARK.getBytes(StandardCharsets.US_ASCII));
    assertThat(dump())
        .isNotEmpty()
        .noneMatch(row -> row.contains(HostileIssuer.MARK) || row.contains(hex));
  }

  @Test
  void badInput_isRefusedBeforeAnySql() {
    assertThatThrownBy(() -> tokens.fresh(null, "acme")).hasMessage("userId must not be null");
    assertThatThrownBy(() -> tokens.fresh(user, " ")).hasMessage("provider must not be blank");
    assertThatThrownBy(() -> tokens.store(user, "acme", null))
        .hasMessage("tokens must not be null");
    assertThatThrownBy(() -> TokenSet.of("")).hasMessage("accessToken must not be blank");
    assertThatThrownBy(() -> TokenSet.of("a").expiresIn(Duration.ofSeconds(-1)))
        .hasMessageStartingWith("expiresIn must not be negative");
    assertThatThrownBy(() -> Provider.builder("Acme")).hasMessageStartingWith("provider must be");
    assertThatThrownBy(() -> provider().tokenEndpoint("http://example.org/t").build())
        .hasMessageStartingWith("tokenEndpoint must begin with https://");
    assertThatThrownBy(() -> provider().tokenEndpoint("https://u:p@example.org/t").build())
        .hasMessage("tokenEndpoint must not contain a user or a password");
    assertThatThrownBy(() -> provider().tokenEndpoint("no address").build())
        .hasMessageStartingWith("tokenEndpoint must be an address");
    assertThatThrownBy(() -> provider().build()).hasMessage("tokenEndpoint must not be null");
    assertThatThrownBy(
            () ->
                tokens
                    .providers()
                    .save(issuer.provider().httpTimeout(Duration.ofSeconds(30)).build()))
        .hasMessage("httpTimeout must be shorter than the refresh lease of PT30S");
  }

  @Test
  void providers_savedAndFound_neverGiveTheSecretBack() {
    Provider found = tokens.providers().find("acme").orElseThrow();

    assertThat(found.clientSecret()).isNull();
    assertThat(tokens.providers().list()).containsExactly(found);
    tokens.providers().save(found);
    tokens.store(user, "acme", issuer.expired());
    assertThat(tokens.fresh(user, "acme"))
        .as("the stored secret was kept")
        .isInstanceOf(Fresh.class);
  }

  @Test
  void providers_ofATenant_hideThoseOfEveryone() {
    Tokens tenant = tokens.forTenant("t1");
    tenant.providers().save(issuer.provider().clientId("another").build());

    assertThat(tenant.providers().find("acme").orElseThrow().clientId()).isEqualTo("another");
    assertThat(tenant.providers().list()).hasSize(1);
    assertThat(tokens.providers().find("acme").orElseThrow().clientId())
        .isEqualTo(HostileIssuer.CLIENT);
  }

  private String failure() {
    try {
      return tokens.fresh(user, "acme").toString();
    } catch (TokenRefreshException e) {
      return e.toString();
    }
  }

  private static Provider.Builder provider() {
    return Provider.builder("other").clientId("c");
  }

  private Provider provider(String name) {
    return Provider.builder(name).tokenEndpoint(issuer.tokenEndpoint()).clientId("c").build();
  }

  private List<String> dump() {
    List<String> rows = new ArrayList<>();
    plinth.transact(
        tx -> {
          for (String table :
              Sql.query(
                  tx.connection(),
                  "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = ?::regnamespace",
                  row -> row.getString(1),
                  plinth.schema().quoted())) {
            rows.addAll(
                Sql.query(
                    tx.connection(),
                    "SELECT t::text FROM " + table + " t",
                    row -> row.getString(1)));
          }
        });
    return rows;
  }
}
