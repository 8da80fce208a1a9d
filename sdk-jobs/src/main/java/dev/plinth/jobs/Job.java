package dev.plinth.jobs;

import dev.plinth.core.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job as the database has it.
 *
 * @param id its id
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param type the name of its kind
 * @param version the version its arguments were written for
 * @param queue its queue
 * @param args its arguments
 * @param status where it stands
 * @param priority higher runs sooner
 * @param parent the job it belongs under, or null
 * @param batch its batch, or null
 * @param errorRecoveryAttempts attempts due or begun after an error or a rescue
 * @param maxAttempts attempts after which it is failed
 * @param progress of the running attempt, or of the one that ended it; or null
 * @param result what its handler returned, or null
 * @param error its last error, or null
 * @param createdAt when it was enqueued
 * @param runAt when it becomes ready, while it waits for that; else null
 * @param startedAt when the running or the last ended attempt was claimed, or null
 * @param completedAt when it ended, well or not, or null
 * @param instanceId the instance that runs it, or null
 * @param definition what it is a run of, in the host's words, or null
 * @param subject what it is about, in the host's words, or null
 * @param trigger what set it off, or null
 * @param metadata what else the host keeps with it, or null
 * @param limitKey the key under which limits count it, or null
 * @param deadline when it must have ended, or null
 * @param timeout how long an attempt may take, or null for what its kind says
 */
public record Job(
    JobId id,
    @Nullable String tenantId,
    @Nullable UUID userId,
    String type,
    int version,
    String queue,
    Json args,
    JobStatus status,
    int priority,
    @Nullable JobId parent,
    @Nullable BatchId batch,
    int errorRecoveryAttempts,
    int maxAttempts,
    @Nullable Progress progress,
    @Nullable Json result,
    @Nullable String error,
    Instant createdAt,
    @Nullable Instant runAt,
    @Nullable Instant startedAt,
    @Nullable Instant completedAt,
    @Nullable UUID instanceId,
    @Nullable String definition,
    @Nullable String subject,
    @Nullable String trigger,
    @Nullable Json metadata,
    @Nullable String limitKey,
    @Nullable Instant deadline,
    @Nullable Duration timeout) {}
