package dev.plinth.core.migration;

/** A newer version of Plinth has changed the schema in a way that this version cannot work with. */
public final class SchemaTooNewException extends MigrationException {
  private static final long serialVersionUID = 1L;

  private final String module;
  private final int found;
  private final int known;

  /** With the version found in the database and the highest one this code knows. */
  public SchemaTooNewException(String module, int found, int known) {
    super(
        "The schema is newer than this code: module "
            + module
            + " has had the breaking migration "
            + found
            + ", but this version of Plinth knows migrations up to "
            + known
            + ". Upgrade Plinth, or roll the schema back with the newer version",
        null);
    this.module = module;
    this.found = found;
    this.known = known;
  }

  /** The module concerned. */
  public String module() {
    return module;
  }

  /** The breaking version found in the database. */
  public int found() {
    return found;
  }

  /** The highest version this code knows. */
  public int known() {
    return known;
  }
}
