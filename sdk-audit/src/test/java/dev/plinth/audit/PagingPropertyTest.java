package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.test.PlinthFixture;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class PagingPropertyTest {
  private static PlinthFixture fixture;

  @BeforeContainer
  static void create() {
    fixture = PlinthFixture.create();
  }

  @AfterContainer
  static void close() {
    fixture.close();
  }

  @Property(tries = 8)
  void pages_whileOthersWrite_holdWhatWasThereExactlyOnceAndInOrder(
      @ForAll @IntRange(min = 0, max = 60) int there,
      @ForAll @IntRange(min = 3, max = 25) int limit)
      throws InterruptedException {
    AuditLog audit = fixture.get(AuditLog.class);
    String resource = UUID.randomUUID().toString();
    List<UUID> before = new ArrayList<>(audit.recordAll(Collections.nCopies(there, of(resource))));
    AtomicBoolean stop = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              while (!stop.get()) {
                audit.record(of(resource));
              }
            });
    writer.start();
    List<UUID> seen = new ArrayList<>();
    try {
      Optional<PageRequest> next = Optional.of(PageRequest.first(limit));
      while (next.isPresent()) {
        Page<AuditEntry> page = audit.history("thing", resource, next.get());
        assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
        page.items().forEach(entry -> seen.add(entry.id()));
        next = page.next();
      }
    } finally {
      stop.set(true);
      writer.join();
    }

    assertThat(new HashSet<>(seen)).hasSameSizeAs(seen);
    Collections.reverse(before);
    assertThat(seen.subList(seen.size() - there, seen.size())).isEqualTo(before);
    assertThat(seen).isSortedAccordingTo(Collections.reverseOrder());
  }

  private static Action of(String resource) {
    return Action.of("a").actor(Actor.system("test")).resource("thing", resource);
  }
}
