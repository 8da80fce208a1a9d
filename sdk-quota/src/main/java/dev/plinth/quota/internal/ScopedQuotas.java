package dev.plinth.quota.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Charge;
import dev.plinth.quota.Check;
import dev.plinth.quota.Decision;
import dev.plinth.quota.Limit;
import dev.plinth.quota.QuotaViolated;
import dev.plinth.quota.Released;
import dev.plinth.quota.Usage;
import dev.plinth.quota.UserQuotas;
import dev.plinth.quota.Violation;
import java.math.BigDecimal;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The limits of users in one transactional form: checks arguments, then runs the statements. */
class ScopedQuotas implements UserQuotas {
  private final TxScope scope;
  private final Catalogue catalogue;
  private final Statements statements;
  private final Events events;

  ScopedQuotas(TxScope scope, Catalogue catalogue, Statements statements, Events events) {
    this.scope = scope;
    this.catalogue = catalogue;
    this.statements = statements;
    this.events = events;
  }

  /** The same in another scope. */
  ScopedQuotas in(TxScope scope) {
    return new ScopedQuotas(scope, catalogue, statements, events);
  }

  @Override
  public Decision charge(UUID userId, Charge charge) {
    Args.notNull(userId, "userId");
    Asked asked = catalogue.ask(Args.notNull(charge, "charge"));
    return scope.returning(tx -> decide(Writable.require(tx), userId, asked));
  }

  private Decision decide(Tx tx, UUID userId, Asked asked) {
    List<ChargeStatement.Answer> answers = statements.charge().run(tx, userId, asked);
    if (answers.isEmpty() && statements.rows().create(tx, userId, asked)) {
      answers = statements.charge().run(tx, userId, asked);
    }
    if (answers.isEmpty()) {
      throw new UnknownUserException(userId);
    }
    return answers.get(0).allowed()
        ? new Decision.Charged(userId, answers.stream().map(ChargeStatement.Answer::usage).toList())
        : denied(tx, userId, answers);
  }

  private Decision denied(Tx tx, UUID userId, List<ChargeStatement.Answer> answers) {
    for (ChargeStatement.Answer answer : answers) {
      if (answer.newlyViolated()) {
        events.publish(tx, new QuotaViolated(userId, check(answer)));
      }
    }
    return new Decision.Denied(
        userId, answers.get(0).at(), answers.stream().map(this::check).toList());
  }

  private Check check(ChargeStatement.Answer answer) {
    return new Check(
        answer.usage(),
        Micros.toUnits(answer.requested()),
        catalogue.get(answer.usage().limit()).unit());
  }

  @Override
  public List<Released> release(UUID userId, Charge amounts) {
    Args.notNull(userId, "userId");
    Asked asked = catalogue.askGauges(Args.notNull(amounts, "amounts"));
    return scope.returning(tx -> statements.release().run(Writable.require(tx), userId, asked));
  }

  @Override
  public void record(Decision.Denied denied) {
    Args.notNull(denied, "denied");
    boolean known = scope.returning(tx -> statements.violation().run(Writable.require(tx), denied));
    require(known, denied.userId());
  }

  @Override
  public void setCap(UUID userId, String limit, BigDecimal cap) {
    Args.notNull(userId, "userId");
    String name = catalogue.get(limit).name();
    long micros = Micros.ofCap(cap, "cap");
    boolean known =
        scope.returning(tx -> statements.caps().set(Writable.require(tx), userId, name, micros));
    require(known, userId);
  }

  @Override
  public boolean clearCap(UUID userId, String limit) {
    Args.notNull(userId, "userId");
    Limit known = catalogue.get(limit);
    long cap = Micros.ofCap(known.cap(), "cap");
    return scope.returning(
        tx -> statements.caps().clear(Writable.require(tx), userId, known.name(), cap));
  }

  @Override
  public List<Usage> usage(UUID userId) {
    Args.notNull(userId, "userId");
    List<Usage> usage =
        scope.returning(tx -> statements.usage().run(tx, userId, catalogue.askNothing()));
    require(!usage.isEmpty(), userId);
    return usage;
  }

  @Override
  public List<Violation> violations(UUID userId, @Nullable Violation after, int limit) {
    Args.notNull(userId, "userId");
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(tx -> statements.violations().run(tx, userId, after, limit));
  }

  private static void require(boolean known, UUID userId) {
    if (!known) {
      throw new UnknownUserException(userId);
    }
  }
}
