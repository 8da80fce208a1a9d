package dev.plinth.core.event;

/**
 * Something that happened in a module, told to whoever subscribed. Implementations are immutable
 * records and hold no secret.
 */
public interface PlinthEvent {
  /** The event as the audit log would tell it. */
  Fact fact();
}
