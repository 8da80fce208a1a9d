package dev.plinth.core.credential;

/** The kinds of secrets. Stored in lower case. */
public enum CredentialType {
  /** {@link Secret.OAuth2}. */
  OAUTH2,
  /** {@link Secret.ApiKey}. */
  API_KEY,
  /** {@link Secret.BasicAuth}. */
  BASIC_AUTH
}
