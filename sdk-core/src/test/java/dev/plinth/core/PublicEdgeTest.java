package dev.plinth.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.vault.KeyRing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Every public method of core, found by reflection, refuses null and text that PostgreSQL could not
 * store, before it asks for a connection: the database of this test must not be asked. The package
 * {@code spi} is left out; modules call it, with arguments that were checked.
 */
class PublicEdgeTest {
  /** Half of a surrogate pair, NUL, blank, and more than any column takes. */
  private static final List<String> BAD_TEXTS =
      List.of("a\uD800b", "a\0b", " ", "x".repeat(100_000));

  /** What hosts implement or what only carries a callback; nothing of Plinth's checks there. */
  private static final Set<String> OF_HOSTS =
      Set.of(
          "dev.plinth.core.event.PlinthEvent",
          "dev.plinth.core.json.JsonCodec",
          "dev.plinth.core.tx.ConnectionSource",
          "dev.plinth.core.vault.KeyProvider");

  /** What may be null without saying so, or checks nothing because it only compares or tells. */
  private static final Set<String> LENIENT = Set.of("equals", "compareTo", "valueOf");

  /** Parameters that say what to call something in a message, or that take any text. */
  private static final Set<String> FREE =
      Set.of("Json.of name", "Json.of text", "Json.requireObject name");

  private static final Set<String> MAY_BE_BLANK = Set.of("payload");

  private final Untouched database = new Untouched();
  private final Plinth plinth =
      Plinth.builder()
          .dataSource(database)
          .modules(List.of())
          .keys(KeyRing.of("k", new byte[32]))
          .build();
  private final Samples samples = new Samples(plinth, database::ask);
  private final List<String> faults = new ArrayList<>();

  @Test
  void everyPublicMethod_nullOrUnfitText_isRefusedBeforeAnySql() {
    Map<Class<?>, Object> targets = targets();
    int calls = 0;
    Set<Class<?>> types = publicTypes();
    Set<Class<?>> given = given(types);
    for (Class<?> type : types) {
      for (Executable member : members(type)) {
        if (member instanceof Constructor<?> && !given.contains(type)) {
          continue;
        }
        Object target = targets.get(type);
        if (!Modifier.isStatic(member.getModifiers()) && member instanceof Method) {
          target = target == null ? samples.optional(type) : target;
          if (target == null) {
            continue;
          }
        }
        calls += sweep(target, member);
      }
    }
    plinth.close();
    assertThat(faults).as("faults among %s calls", calls).isEmpty();
    assertThat(targets.keySet()).as("reached").hasSizeGreaterThan(8);
    assertThat(calls).as("calls").isGreaterThan(300);
  }

  private int sweep(@Nullable Object target, Executable member) {
    Parameter[] parameters = member.getParameters();
    int calls = 0;
    for (int i = 0; i < parameters.length; i++) {
      Parameter parameter = parameters[i];
      String name = parameter.getName();
      if (parameter.getType().isPrimitive()
          || FREE.contains(Samples.describe(member) + " " + name)) {
        continue;
      }
      if (!isNullable(parameter)) {
        attempt(target, member, i, null, true);
        calls++;
      }
      if (parameter.getType() == String.class) {
        for (String bad : BAD_TEXTS) {
          if (bad.isBlank() && MAY_BE_BLANK.contains(name)) {
            continue;
          }
          attempt(target, member, i, bad, false);
          calls++;
        }
      }
    }
    return calls;
  }

  private void attempt(
      @Nullable Object target, Executable member, int index, @Nullable Object bad, boolean must) {
    Parameter[] parameters = member.getParameters();
    @Nullable Object[] arguments = new @Nullable Object[parameters.length];
    String what =
        Samples.describe(member) + " with " + parameters[index].getName() + " = " + show(bad);
    try {
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = i == index ? bad : samples.of(parameters[i]);
      }
    } catch (IllegalStateException e) {
      faults.add(Samples.describe(member) + ": " + e.getMessage());
      return;
    }
    database.forget();
    @Nullable Throwable thrown = Samples.call(target, member, arguments);
    if (database.wasAsked()) {
      faults.add(what + " asked for a connection");
    } else if (thrown instanceof IllegalArgumentException) {
      String message = String.valueOf(thrown.getMessage());
      if (must && !message.contains(parameters[index].getName())) {
        faults.add(what + " was refused without naming it: " + message);
      }
    } else if (must) {
      faults.add(what + (thrown == null ? " was accepted" : " ended in " + thrown));
    } else if (thrown instanceof NullPointerException) {
      faults.add(what + " ended in " + thrown);
    }
  }

  /** Plinth itself, and what its methods without arguments lead to. */
  private Map<Class<?>, Object> targets() {
    Map<Class<?>, Object> targets = new LinkedHashMap<>();
    targets.put(Plinth.class, plinth);
    for (Method method : Plinth.class.getMethods()) {
      Class<?> type = method.getReturnType();
      if (method.getParameterCount() == 0
          && type.getName().startsWith("dev.plinth.core.")
          && type.isInterface()) {
        try {
          targets.put(type, method.invoke(plinth));
        } catch (InvocationTargetException | IllegalAccessException e) {
          throw new IllegalStateException(method + " cannot be called", e);
        }
      }
    }
    return targets;
  }

  /** The types that hosts hand in; what they only receive is made by Plinth. */
  private static Set<Class<?>> given(Set<Class<?>> types) {
    Set<Class<?>> given = new HashSet<>();
    for (Class<?> type : types) {
      for (Method method : type.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers()) && !method.getName().equals("equals")) {
          given.addAll(List.of(method.getParameterTypes()));
        }
      }
    }
    return given;
  }

  private static List<Executable> members(Class<?> type) {
    List<Executable> members = new ArrayList<>();
    if (type.isRecord() || Modifier.isFinal(type.getModifiers())) {
      members.addAll(List.of(type.getConstructors()));
    }
    Arrays.stream(type.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
        .filter(method -> !LENIENT.contains(method.getName()))
        .forEach(members::add);
    if (Throwable.class.isAssignableFrom(type)) {
      members.clear();
    }
    return members;
  }

  private static Set<Class<?>> publicTypes() {
    try {
      Path root = Path.of(Plinth.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Set<Class<?>> types = new TreeSet<>((a, b) -> a.getName().compareTo(b.getName()));
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : (Iterable<Path>) files::iterator) {
          String name = root.relativize(file).toString();
          if (name.endsWith(".class")
              && !name.contains("internal")
              && !name.contains("-info")
              && !name.startsWith("dev/plinth/core/spi/")) {
            Class<?> type = Class.forName(name.replace(".class", "").replace('/', '.'));
            if (isPublic(type) && !OF_HOSTS.contains(type.getName()) && !isCallback(type)) {
              types.add(type);
            }
          }
        }
      }
      return types;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException | ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isPublic(@Nullable Class<?> type) {
    return type == null
        || (Modifier.isPublic(type.getModifiers()) && isPublic(type.getEnclosingClass()));
  }

  private static boolean isCallback(Class<?> type) {
    return type.isAnnotationPresent(FunctionalInterface.class);
  }

  static boolean isNullable(Parameter parameter) {
    return parameter.getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  private static String show(@Nullable Object bad) {
    return bad == null
        ? "null"
        : bad.toString().length() > 10 ? "100,000 characters" : "\"" + bad + "\"";
  }

  /** A DataSource that leads nowhere and remembers having been asked. */
  static final class Untouched extends PGSimpleDataSource {
    private static final long serialVersionUID = 1L;
    private boolean asked;

    void ask() {
      asked = true;
    }

    @Override
    public Connection getConnection() throws SQLException {
      ask();
      throw new SQLException("this database must not be asked", "08001");
    }

    boolean wasAsked() {
      return asked;
    }

    void forget() {
      asked = false;
    }
  }
}
