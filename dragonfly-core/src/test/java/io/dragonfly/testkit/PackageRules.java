package io.dragonfly.testkit;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/** What holds for the packages of every module. A rule about packages that do not exist holds. */
public final class PackageRules {
  private static final String ENTRY = "io.dragonfly";

  private static final String[] HIDDEN_LIBRARIES = {
    "com.google.common..",
    "io.netty..",
    "okhttp3..",
    "okio..",
    "com.fasterxml.jackson..",
    "io.github.bucket4j.."
  };

  private final JavaClasses classes;

  private PackageRules(JavaClasses classes) {
    this.classes = classes;
  }

  /** Rules about the module whose compiled classes are here. */
  public static PackageRules of(Path classes) {
    return new PackageRules(new ClassFileImporter().importPath(classes));
  }

  /** No package needs, through others, itself. */
  public void noPackageCycles() {
    check(slices().matching("(**)").should().beFreeOfCycles());
  }

  /** Nothing outside of the entry package itself imports it. */
  public void nothingImportsTheEntryPackage() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(ENTRY)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(ENTRY));
  }

  /** Public signatures use JDK types and our own. */
  public void exposesNoLibrary() {
    check(
        classes()
            .that()
            .resideOutsideOfPackage("..internal..")
            .should(notExpose(resideInAnyPackage(HIDDEN_LIBRARIES))));
  }

  /** These libraries are used in this package only. */
  public void onlyIn(String packageName, String... libraries) {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(packageName)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(libraries));
  }

  /** These libraries are not used. */
  public void importNone(String... libraries) {
    check(noClasses().should().dependOnClassesThat().resideInAnyPackage(libraries));
  }

  /** These packages use each other and what is allowed, and nothing else. */
  public void importNothingBut(String[] packages, String... allowed) {
    check(
        classes()
            .that()
            .resideInAnyPackage(packages)
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(packages).or(resideInAnyPackage(allowed))));
  }

  /** Of the project's own packages this one uses itself and those allowed. */
  public void importOfOurOwnOnly(String packageName, String... allowed) {
    check(
        noClasses()
            .that()
            .resideInAPackage(packageName)
            .should()
            .dependOnClassesThat(
                resideInAPackage(ENTRY + "..")
                    .and(not(resideInAPackage(packageName).or(resideInAnyPackage(allowed))))));
  }

  /** Of these packages none uses another. */
  public void ignoreEachOther(List<String> packages) {
    for (String one : packages) {
      String[] others = packages.stream().filter(p -> !p.equals(one)).toArray(String[]::new);
      check(
          noClasses()
              .that()
              .resideInAPackage(one)
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(others));
    }
  }

  /** Each package says in its package-info what belongs in it, and is null-marked. */
  public void everyPackageIsNullMarked() {
    Set<String> unmarked =
        classes.stream()
            .map(JavaClass::getPackage)
            .filter(p -> !p.getName().isEmpty())
            .filter(p -> !isNullMarked(p))
            .map(JavaPackage::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    if (!unmarked.isEmpty()) {
      throw new AssertionError("No package-info.java with @NullMarked in " + unmarked);
    }
  }

  private void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(classes);
  }

  private static boolean isNullMarked(JavaPackage javaPackage) {
    return javaPackage
        .tryGetPackageInfo()
        .map(info -> info.isAnnotatedWith(NullMarked.class))
        .orElse(false);
  }

  private static ArchCondition<JavaClass> notExpose(DescribedPredicate<JavaClass> hidden) {
    return new ArchCondition<>("not expose a library's types") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        if (!isVisible(type)) {
          return;
        }
        report(type, type.getName(), ancestors(type), events);
        for (JavaField field : type.getFields()) {
          if (isVisible(field.getModifiers())) {
            report(type, field.getFullName(), field.getAllInvolvedRawTypes().stream(), events);
          }
        }
        for (JavaCodeUnit unit : type.getCodeUnits()) {
          if (isVisible(unit.getModifiers())) {
            report(type, unit.getFullName(), unit.getAllInvolvedRawTypes().stream(), events);
          }
        }
      }

      private void report(
          JavaClass type, String where, Stream<JavaClass> used, ConditionEvents events) {
        used.map(JavaClass::getBaseComponentType)
            .filter(hidden)
            .distinct()
            .forEach(
                library ->
                    events.add(
                        SimpleConditionEvent.violated(
                            type, where + " exposes " + library.getName())));
      }
    };
  }

  private static Stream<JavaClass> ancestors(JavaClass type) {
    return Stream.concat(
        type.getSuperclass().stream().flatMap(t -> t.getAllInvolvedRawTypes().stream()),
        type.getInterfaces().stream().flatMap(t -> t.getAllInvolvedRawTypes().stream()));
  }

  private static boolean isVisible(JavaClass type) {
    return isVisible(type.getModifiers())
        && type.getEnclosingClass().map(PackageRules::isVisible).orElse(true);
  }

  private static boolean isVisible(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }
}
