package dev.plinth.core.credential;

/**
 * A credential with its secret.
 *
 * @param credential the row
 * @param secret the secret, which no {@code toString} tells
 */
public record OpenCredential(Credential credential, Secret secret) {}
