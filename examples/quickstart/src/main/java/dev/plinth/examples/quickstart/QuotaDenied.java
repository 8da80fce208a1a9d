package dev.plinth.examples.quickstart;

import dev.plinth.quota.Decision;

/**
 * A file was not taken because its owner's quota does not allow it. Another attempt would not mend
 * that.
 */
final class QuotaDenied extends RuntimeException {
  private static final long serialVersionUID = 1L;

  QuotaDenied(Decision.Denied denied) {
    super(denied.explain());
  }
}
