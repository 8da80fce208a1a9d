/**
 * Who may do what: roles, what they permit, and who has them.
 *
 * <p>Roles and their permissions are data of the installation, kept by the host at start-up or by
 * its administrators; {@code can(user, "node.delete")} is answered from memory.
 */
@NullMarked
package dev.plinth.core.access;

import org.jspecify.annotations.NullMarked;
