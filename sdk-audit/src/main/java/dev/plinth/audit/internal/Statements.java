package dev.plinth.audit.internal;

import dev.plinth.core.Plinth;

/** What can be done with the tables, made once per audit log. */
record Statements(RecordActions record, ReadActions read, SessionRows sessions) {
  static Statements of(Plinth plinth) {
    return new Statements(
        new RecordActions(plinth.schema(), plinth.ids()),
        new ReadActions(plinth.schema()),
        new SessionRows(plinth.schema(), plinth.ids()));
  }
}
