package dev.plinth.examples.quickstart;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules between the modules, checked where a host sees them all. */
@Tag("once")
class ModuleRulesTest {
  private static final JavaClasses PLINTH =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.plinth");

  /** Libraries that must not show in what a host compiles against. */
  private static final List<String> HIDDEN =
      List.of("org.jooq", "org.flywaydb", "com.fasterxml", "com.github.benmanes", "com.nimbusds");

  @ParameterizedTest
  @ValueSource(strings = {"audit", "quota", "oauth", "jobs"})
  void feature_knowsCoreAndNoOtherFeature(String feature) {
    String[] others =
        Stream.of("audit", "quota", "oauth", "jobs", "test", "examples")
            .filter(other -> !other.equals(feature))
            .map(other -> "dev.plinth." + other + "..")
            .toArray(String[]::new);

    noClasses()
        .that()
        .resideInAPackage("dev.plinth." + feature + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others)
        .check(PLINTH);
  }

  @Test
  void core_knowsNoFeature() {
    noClasses()
        .that()
        .resideInAPackage("dev.plinth.core..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.plinth..").and(resideOutsideOfPackage("dev.plinth.core..")))
        .check(PLINTH);
  }

  @ParameterizedTest
  @ValueSource(strings = {"core", "audit", "quota", "oauth", "jobs"})
  void internal_isUsedByItsOwnModuleOnly(String module) {
    noClasses()
        .that(resideOutsideOfPackage("dev.plinth." + module + ".."))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.plinth." + module + ".internal..")
        .check(PLINTH);
  }

  @Test
  void publicSignature_showsNoHiddenLibrary() {
    classes()
        .that(
            describe(
                "are for hosts",
                type ->
                    type.getModifiers().contains(JavaModifier.PUBLIC)
                        && !type.getPackageName().contains(".internal")))
        .should(showNoHiddenLibrary())
        .check(PLINTH);
  }

  @Test
  void staticField_isFinal() {
    fields()
        .that()
        .areStatic()
        .and(
            describe(
                "are not the compiler's own",
                field -> !field.getModifiers().contains(JavaModifier.SYNTHETIC)))
        .should()
        .beFinal()
        .because("there is no static state: several instances live in one process")
        .check(PLINTH);
  }

  @Test
  void package_isNullMarked() {
    Set<String> marked =
        PLINTH.stream()
            .filter(type -> type.getSimpleName().equals("package-info"))
            .filter(type -> type.isAnnotatedWith(NullMarked.class))
            .map(JavaClass::getPackageName)
            .collect(Collectors.toSet());

    classes()
        .that(
            describe(
                "are written by hand", type -> !type.getPackageName().contains(".internal.jooq")))
        .should()
        .resideInAnyPackage(marked.toArray(String[]::new))
        .check(PLINTH);
  }

  private static ArchCondition<JavaClass> showNoHiddenLibrary() {
    return new ArchCondition<>("show no hidden library in a public signature") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (JavaMember member : type.getMembers()) {
          if (!isVisible(member)) {
            continue;
          }
          for (String shown : typesIn(member)) {
            if (HIDDEN.stream().anyMatch(shown::startsWith)) {
              events.add(
                  SimpleConditionEvent.violated(type, member.getFullName() + " shows " + shown));
            }
          }
        }
      }
    };
  }

  private static boolean isVisible(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
  }

  private static List<String> typesIn(JavaMember member) {
    List<String> names = new ArrayList<>();
    if (member instanceof JavaCodeUnit code) {
      code.getParameterTypes().forEach(type -> names.addAll(rawTypes(type)));
      names.addAll(rawTypes(code.getReturnType()));
    } else {
      names.addAll(rawTypes(((JavaField) member).getType()));
    }
    return names;
  }

  private static List<String> rawTypes(JavaType type) {
    return type.getAllInvolvedRawTypes().stream().map(JavaClass::getName).toList();
  }
}
