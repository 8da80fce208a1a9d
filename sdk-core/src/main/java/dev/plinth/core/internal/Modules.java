package dev.plinth.core.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The modules of one Plinth: given by the host, or found on the class path. */
final class Modules {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,29}");

  private Modules() {}

  static List<FeatureModule> inOrder(@Nullable List<FeatureModule> given) {
    List<FeatureModule> modules = new ArrayList<>();
    modules.add(new CoreModule());
    if (given == null) {
      ServiceLoader.load(FeatureModule.class, FeatureModule.class.getClassLoader())
          .forEach(modules::add);
    } else {
      modules.addAll(given);
    }
    modules.sort(Comparator.comparingInt(FeatureModule::order).thenComparing(FeatureModule::name));
    Set<String> names = new HashSet<>();
    for (FeatureModule module : modules) {
      Args.matching(
          module.name(), NAME, "at most 30 lower-case letters, digits and _", "modules: the name");
      Args.check(names.add(module.name()), "modules must not hold two named " + module.name());
    }
    return List.copyOf(modules);
  }
}
