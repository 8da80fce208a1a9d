package dev.plinth.core.config;

import dev.plinth.core.PlinthException;

/** A setting was changed since it was read. Nothing was written; the transaction remains usable. */
public final class StaleSettingException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String setting;
  private final long version;

  /** With the setting's name, the version that was expected and the one it has. */
  public StaleSettingException(String setting, long expected, long version) {
    super(
        "The setting "
            + setting
            + " is at version "
            + version
            + ", not "
            + expected
            + ": read it again and repeat the change");
    this.setting = setting;
    this.version = version;
  }

  /** The setting's name. */
  public String setting() {
    return setting;
  }

  /** The version it has. */
  public long version() {
    return version;
  }
}
