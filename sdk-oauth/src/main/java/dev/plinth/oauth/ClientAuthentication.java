package dev.plinth.oauth;

/** How a client shows the provider who it is (RFC 6749, section 2.3.1). */
public enum ClientAuthentication {
  /** Id and secret in an {@code Authorization: Basic} header. */
  CLIENT_SECRET_BASIC,
  /** Id and secret in the body. */
  CLIENT_SECRET_POST,
  /** A public client: the id in the body, and no secret. */
  NONE
}
