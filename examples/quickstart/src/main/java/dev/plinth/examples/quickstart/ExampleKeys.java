package dev.plinth.examples.quickstart;

import dev.plinth.core.vault.KeyRing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;

/**
 * The vault's keys: from {@code PLINTH_KEYS} if it is set, else a random key in a file that only
 * this user may read, so that a second run on the same database can decrypt what the first one
 * stored.
 */
final class ExampleKeys {
  private ExampleKeys() {}

  static KeyRing get(Map<String, String> environment) {
    if (environment.containsKey("PLINTH_KEYS")) {
      return KeyRing.fromEnvironment("PLINTH_KEYS");
    }
    Path file =
        Path.of(
            System.getProperty("java.io.tmpdir"),
            "plinth-quickstart-" + System.getProperty("user.name") + ".keys");
    try {
      if (!Files.exists(file)) {
        create(file);
      }
      return KeyRing.fromFile(file);
    } catch (IOException e) {
      throw new UserError(
          "The example's key file "
              + file
              + " cannot be written; set PLINTH_KEYS to id:base64 instead");
    }
  }

  private static void create(Path file) throws IOException {
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    Path fresh =
        Files.getFileStore(file.getParent()).supportsFileAttributeView("posix")
            ? Files.createTempFile(
                file.getParent(),
                "plinth",
                ".keys",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
            : Files.createTempFile(file.getParent(), "plinth", ".keys");
    Files.writeString(fresh, "quickstart:" + Base64.getEncoder().encodeToString(key) + "\n");
    Files.move(fresh, file);
  }
}
