/**
 * Who did what to which thing, when, from where and with what outcome: written in the transaction
 * that does it, kept append only, asked for by resource, by actor and by session.
 *
 * <p>Start with {@link dev.plinth.audit.AuditLog} and {@link dev.plinth.audit.Action}. Nothing
 * secret belongs into a record: what is given is stored as it is and can not be taken back.
 */
@NullMarked
package dev.plinth.audit;

import org.jspecify.annotations.NullMarked;
