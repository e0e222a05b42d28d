package io.dragonfly.testkit;

import static java.util.stream.Collectors.joining;

import com.google.common.reflect.TypeToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The public API of one module as text: each public or protected type and member of the packages
 * that it exports to everyone, one a line, sorted. The text is the same on every JDK.
 */
public final class ApiDump {
  private static final String ACCEPT = "api.accept";

  private final Path classes;
  private final TreeSet<String> lines = new TreeSet<>();

  private ApiDump(Path classes) {
    this.classes = classes;
  }

  /** Reads the API of the module whose compiled classes, also on the class path, are here. */
  public static ApiDump of(Path classes) {
    ApiDump dump = new ApiDump(classes);
    for (String exported : exportedPackages(classes)) {
      dump.typesIn(exported).forEach(dump::add);
    }
    return dump;
  }

  /**
   * Fails unless the API is the one that the file holds. With {@code -Dapi.accept=true} writes the
   * file instead.
   */
  public void verify(Path accepted) {
    if (!Boolean.getBoolean(ACCEPT)) {
      compareWith(accepted);
      return;
    }
    try {
      Files.createDirectories(accepted.toAbsolutePath().getParent());
      Files.writeString(accepted, toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails unless the API is the one that the file holds; no file is an empty API. */
  public void compareWith(Path file) {
    List<String> accepted = linesOf(file);
    Set<String> removed = new TreeSet<>(accepted);
    removed.removeAll(lines);
    Set<String> added = new TreeSet<>(lines);
    added.removeAll(accepted);
    if (!removed.isEmpty() || !added.isEmpty()) {
      throw new AssertionError(
          "The public API is not the one in "
              + file
              + ":\n"
              + removed.stream().map(line -> "  - " + line + "\n").collect(joining())
              + added.stream().map(line -> "  + " + line + "\n").collect(joining())
              + "If that is meant, run  mvn -Dapi.accept=true -Dtest=ApiTest"
              + " -Dsurefire.failIfNoSpecifiedTests=false test  and commit the file.");
    }
  }

  /** The API, each line ended by a newline. */
  @Override
  public String toString() {
    return lines.stream().map(line -> line + "\n").collect(joining());
  }

  private static List<String> linesOf(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The packages that the module in {@code classes} exports to everyone, sorted. */
  static List<String> exportedPackages(Path classes) {
    return ModuleFinder.of(classes).findAll().stream()
        .map(module -> module.descriptor())
        .map(ModuleDescriptor::exports)
        .flatMap(Set::stream)
        .filter(exports -> !exports.isQualified())
        .map(Exports::source)
        .sorted()
        .toList();
  }

  private List<Class<?>> typesIn(String packageName) {
    try (Stream<Path> files = Files.list(classes.resolve(packageName.replace('.', '/')))) {
      List<Class<?>> types = new ArrayList<>();
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        String name = file.getFileName().toString().replaceFirst("\\.class$", "");
        if (!name.equals("package-info")) {
          types.add(Class.forName(packageName + "." + name, false, loader()));
        }
      }
      types.removeIf(type -> !isApi(type));
      return types;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("Compiled, but not on the class path", e);
    }
  }

  private static ClassLoader loader() {
    return Thread.currentThread().getContextClassLoader();
  }

  private void add(Class<?> type) {
    lines.add(declaration(type));
    addMembers(type, type);
    // What a package-private ancestor declares is inherited, and so part of the API too.
    for (Class<?> ancestor : ancestors(type)) {
      if (!isApi(ancestor) && ancestor.getName().startsWith("io.dragonfly.")) {
        addMembers(type, ancestor);
      }
    }
  }

  private void addMembers(Class<?> type, Class<?> declaring) {
    String owner = type.getTypeName() + ": ";
    Stream.of(declaring.getDeclaredFields())
        .filter(ApiDump::isApi)
        .forEach(field -> lines.add(owner + signature(field)));
    Stream.of(declaring.getDeclaredMethods())
        .filter(ApiDump::isApi)
        .filter(method -> !everyObjectHas(method))
        .forEach(method -> lines.add(owner + signature(type, method)));
    if (type == declaring) {
      Stream.of(type.getDeclaredConstructors())
          .filter(ApiDump::isApi)
          .forEach(constructor -> lines.add(owner + signature(constructor)));
    }
  }

  private static List<Class<?>> ancestors(Class<?> type) {
    List<Class<?>> found = new ArrayList<>();
    Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()))
        .forEach(
            parent -> {
              found.add(parent);
              found.addAll(ancestors(parent));
            });
    return found;
  }

  private static boolean isApi(Class<?> type) {
    Class<?> outer = type.getEnclosingClass();
    return isVisible(type.getModifiers())
        && !type.isSynthetic()
        && !type.isAnonymousClass()
        && !type.isLocalClass()
        && (outer == null || isApi(outer));
  }

  private static boolean isApi(Member member) {
    return isVisible(member.getModifiers()) && !member.isSynthetic();
  }

  private static boolean everyObjectHas(Method method) {
    return switch (method.getName()) {
      case "hashCode", "toString" -> method.getParameterCount() == 0;
      case "equals" -> Arrays.equals(method.getParameterTypes(), new Class<?>[] {Object.class});
      default -> false;
    };
  }

  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static String declaration(Class<?> type) {
    String kind =
        type.isAnnotation()
            ? "@interface"
            : type.isInterface()
                ? "interface"
                : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class";
    int shown =
        Modifier.PUBLIC | Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL | Modifier.ABSTRACT;
    if (type.isInterface()) {
      shown &= ~(Modifier.ABSTRACT | Modifier.STATIC);
    } else if (type.isEnum() || type.isRecord()) {
      shown &= ~(Modifier.ABSTRACT | Modifier.STATIC | Modifier.FINAL);
    }
    String text =
        modifiers(type.getModifiers() & shown)
            + (type.isSealed() && !type.isEnum() ? "sealed " : "");
    text += kind + typeParameters(type.getTypeParameters());
    Type parent = type.getGenericSuperclass();
    if (parent != null && parent != Object.class && !type.isEnum() && !type.isRecord()) {
      text += " extends " + parent.getTypeName();
    }
    Type[] interfaces = type.getGenericInterfaces();
    if (interfaces.length > 0 && !type.isAnnotation()) {
      text += (type.isInterface() ? " extends " : " implements ") + sorted(interfaces);
    }
    return type.getTypeName()
        + ": "
        + deprecated(type.isAnnotationPresent(Deprecated.class))
        + text;
  }

  private static String signature(Field field) {
    int shown = Modifier.PUBLIC | Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL;
    return deprecated(field.isAnnotationPresent(Deprecated.class))
        + (field.isEnumConstant() ? "" : modifiers(field.getModifiers() & shown))
        + field.getGenericType().getTypeName()
        + " "
        + field.getName();
  }

  private static String signature(Class<?> type, Method method) {
    int shown =
        Modifier.PUBLIC | Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL | Modifier.ABSTRACT;
    return deprecated(method.isAnnotationPresent(Deprecated.class))
        + modifiers(method.getModifiers() & shown)
        + (method.isDefault() ? "default " : "")
        + typeParameters(method.getTypeParameters()).replaceFirst("$", " ").stripLeading()
        + returned(type, method).getTypeName()
        + " "
        + method.getName()
        + parameters(method);
  }

  /** What a type's ancestor returns under a name of its own is said as the type's users see it. */
  private static Type returned(Class<?> type, Method method) {
    Type declared = method.getGenericReturnType();
    return declared instanceof TypeVariable<?>
        ? TypeToken.of(type).resolveType(declared).getType()
        : declared;
  }

  private static String signature(Constructor<?> constructor) {
    return deprecated(constructor.isAnnotationPresent(Deprecated.class))
        + modifiers(constructor.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED))
        + "new"
        + parameters(constructor);
  }

  private static String parameters(Executable executable) {
    String parameters =
        Stream.of(executable.getGenericParameterTypes())
            .map(Type::getTypeName)
            .collect(joining(", ", "(", ")"));
    if (executable.isVarArgs()) {
      parameters = parameters.replaceFirst("\\[\\]\\)$", "...)");
    }
    Type[] thrown = executable.getGenericExceptionTypes();
    return thrown.length == 0 ? parameters : parameters + " throws " + sorted(thrown);
  }

  private static String typeParameters(TypeVariable<?>[] variables) {
    if (variables.length == 0) {
      return "";
    }
    return Stream.of(variables)
        .map(variable -> variable.getName() + bounds(variable.getBounds()))
        .collect(joining(", ", "<", ">"));
  }

  private static String bounds(Type[] bounds) {
    List<String> named = Arrays.stream(bounds).map(Type::getTypeName).toList();
    return named.equals(List.of("java.lang.Object")) ? "" : " extends " + String.join(" & ", named);
  }

  private static String sorted(Type[] types) {
    return Stream.of(types).map(Type::getTypeName).sorted().collect(joining(", "));
  }

  private static String modifiers(int modifiers) {
    return modifiers == 0 ? "" : Modifier.toString(modifiers) + " ";
  }

  private static String deprecated(boolean is) {
    return is ? "@Deprecated " : "";
  }
}
