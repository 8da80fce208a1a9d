package dev.plinth.oauth;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A hostile issuer, tokens that know it, and a user. */
abstract class OAuthTestCase {
  protected final HostileIssuer issuer = new HostileIssuer();
  protected Plinth plinth;
  protected Tokens tokens;
  protected UUID user;

  @BeforeEach
  void open(Plinth plinth) {
    this.plinth = plinth;
    tokens = Tokens.builder(plinth).provider(issuer.provider().build()).build();
    user = plinth.users().create(NewUser.withExternalId("ada")).id();
  }

  @AfterEach
  void close() {
    tokens.close();
    issuer.close();
  }
}
