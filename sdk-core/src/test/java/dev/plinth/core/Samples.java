package dev.plinth.core;

import dev.plinth.core.json.Json;
import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.read.LogPosition;
import dev.plinth.core.spi.Schema;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.Period;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Arguments that a method accepts, by type: records through their constructors, callbacks as
 * proxies.
 */
final class Samples {
  private final Map<Class<?>, Object> values;

  /** Whoever asks the sample of a connection for a statement is reported. */
  Samples(Plinth plinth, Runnable asked) {
    this.values =
        Map.ofEntries(
            Map.entry(String.class, "name"),
            Map.entry(CharSequence.class, "name"),
            Map.entry(char[].class, "name".toCharArray()),
            Map.entry(byte[].class, new byte[32]),
            Map.entry(UUID.class, plinth.ids().next()),
            Map.entry(int.class, 10),
            Map.entry(Integer.class, 10),
            Map.entry(long.class, 10L),
            Map.entry(Long.class, 10L),
            Map.entry(double.class, 0.5),
            Map.entry(boolean.class, true),
            Map.entry(Boolean.class, true),
            Map.entry(Object.class, "name"),
            Map.entry(Class.class, String.class),
            Map.entry(Enum.class, java.time.DayOfWeek.MONDAY),
            Map.entry(Duration.class, Duration.ofMinutes(1)),
            Map.entry(Period.class, Period.ofDays(1)),
            Map.entry(Instant.class, Instant.parse("2030-01-01T00:00:00Z")),
            Map.entry(LocalDate.class, LocalDate.parse("2030-01-01")),
            Map.entry(InstantSource.class, InstantSource.system()),
            Map.entry(Json.class, Json.emptyObject()),
            Map.entry(
                PasswordHash.class,
                PasswordHash.of("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")),
            Map.entry(Pattern.class, Pattern.compile(".*")),
            Map.entry(Path.class, Path.of("keys")),
            Map.entry(Schema.class, plinth.schema()),
            Map.entry(Plinth.class, plinth),
            Map.entry(LogPosition.class, LogPosition.of("7", 1, "0/1")),
            Map.entry(InetAddress.class, InetAddress.getLoopbackAddress()),
            Map.entry(Connection.class, connection(asked)));
  }

  /** A value for the parameter. */
  Object of(Parameter parameter) {
    if (parameter.getType() == String.class && parameter.getName().equals("email")) {
      return "ada@example.org";
    }
    return of(parameter.getType(), parameter.getParameterizedType(), 0);
  }

  /** A value of the type, or null when none can be made: nobody can call its methods then. */
  @Nullable Object optional(Class<?> type) {
    try {
      return type.isInterface() ? null : of(type, type, 0);
    } catch (IllegalStateException e) {
      return null;
    }
  }

  private Object of(Class<?> type, Type generic, int depth) {
    Object known = values.get(type);
    if (known != null) {
      return known;
    }
    if (depth > 6) {
      throw new IllegalStateException("no sample of " + type.getName());
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type.isArray()) {
      Object one = of(type.getComponentType(), type.getComponentType(), depth + 1);
      Object array = java.lang.reflect.Array.newInstance(type.getComponentType(), 1);
      java.lang.reflect.Array.set(array, 0, one);
      return array;
    }
    if (type == List.class
        || type == Set.class
        || type == Optional.class
        || type == java.util.Collection.class
        || type == Iterable.class) {
      Object one = element(generic, depth);
      return type == Set.class
          ? Set.of(one)
          : type == Optional.class ? Optional.of(one) : List.of(one);
    }
    if (type == Map.class) {
      return Map.of();
    }
    if (type.isSealed()) {
      return firstOf(List.of(type.getPermittedSubclasses()), depth);
    }
    if (type.isInterface()) {
      return proxy(type);
    }
    return made(type, depth);
  }

  private Object element(Type generic, int depth) {
    Type argument =
        generic instanceof ParameterizedType list ? list.getActualTypeArguments()[0] : String.class;
    return argument instanceof Class<?> type ? of(type, type, depth + 1) : "name";
  }

  private Object firstOf(List<Class<?>> types, int depth) {
    for (Class<?> type : types) {
      try {
        return of(type, type, depth + 1);
      } catch (IllegalStateException e) {
        continue;
      }
    }
    throw new IllegalStateException("no sample of any of " + types);
  }

  private Object made(Class<?> type, int depth) {
    List<Executable> ways = new ArrayList<>();
    Arrays.stream(type.getDeclaredMethods())
        .filter(m -> Modifier.isStatic(m.getModifiers()) && Modifier.isPublic(m.getModifiers()))
        .filter(m -> type.isAssignableFrom(m.getReturnType()))
        .sorted(Comparator.comparing(Method::getParameterCount).thenComparing(Method::getName))
        .forEach(ways::add);
    ways.addAll(List.of(type.getConstructors()));
    for (Executable way : ways) {
      try {
        Parameter[] parameters = way.getParameters();
        @Nullable Object[] arguments = new @Nullable Object[parameters.length];
        for (int i = 0; i < arguments.length; i++) {
          arguments[i] =
              PublicEdgeTest.isNullable(parameters[i])
                  ? null
                  : of(parameters[i].getType(), parameters[i].getParameterizedType(), depth + 1);
        }
        Object made =
            way instanceof Constructor<?> constructor
                ? constructor.newInstance(arguments)
                : ((Method) way).invoke(null, arguments);
        if (made != null) {
          return made;
        }
      } catch (IllegalStateException | ReflectiveOperationException e) {
        continue;
      }
    }
    throw new IllegalStateException("no sample of " + type.getName());
  }

  /** What the call throws, if anything. */
  static @Nullable Throwable call(
      @Nullable Object target, Executable member, @Nullable Object[] arguments) {
    try {
      if (member instanceof Constructor<?> constructor) {
        constructor.newInstance(arguments);
      } else {
        ((Method) member).invoke(target, arguments);
      }
      return null;
    } catch (InvocationTargetException e) {
      return e.getCause();
    } catch (ReflectiveOperationException e) {
      return new IllegalStateException("cannot be called", e);
    }
  }

  static String describe(Executable member) {
    return member.getDeclaringClass().getSimpleName() + "." + member.getName();
  }

  private static Object connection(Runnable asked) {
    return Proxy.newProxyInstance(
        Connection.class.getClassLoader(),
        new Class<?>[] {Connection.class},
        (self, method, arguments) -> {
          if (method.getName().startsWith("prepare")
              || method.getName().equals("createStatement")) {
            asked.run();
            throw new SQLException("this database must not be asked", "08001");
          }
          return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
        });
  }

  private Object proxy(Class<?> type) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (self, method, arguments) -> {
          Class<?> result = method.getReturnType();
          return result == boolean.class
              ? Boolean.FALSE
              : result == int.class
                  ? Integer.valueOf(0)
                  : result == Optional.class ? Optional.empty() : values.get(result);
        });
  }
}
