package dev.plinth.core.lock;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the database has about a lock.
 *
 * @param name what is locked
 * @param fence the fencing number of the last acquisition
 * @param held whether somebody holds it, by the database's clock
 * @param acquiredAt when it was last acquired; null when it never was
 * @param leaseUntil when the last lease ends or ended; null after a release
 * @param instanceId the instance it ends with; null when it ends by time alone
 */
public record LockState(
    String name,
    long fence,
    boolean held,
    @Nullable Instant acquiredAt,
    @Nullable Instant leaseUntil,
    @Nullable UUID instanceId) {}
