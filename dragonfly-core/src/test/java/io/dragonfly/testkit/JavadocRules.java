package io.dragonfly.testkit;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Where a Javadoc comment must be: on each public or protected type and method of the packages that
 * a module exports to everyone, and on each such method of a hidden abstract class, which others
 * inherit. Methods that override take their comment from above, and {@code build()} has nothing to
 * add. Whether a comment is right is for the javadoc tool to say.
 */
public final class JavadocRules {
  private JavadocRules() {}

  /** Fails if a comment is missing; reads the exports from the compiled classes. */
  public static void verify(Path sources, Path classes) {
    List<String> missing = new ArrayList<>();
    for (String exported : ApiDump.exportedPackages(classes)) {
      missing.addAll(missingIn(sources.resolve(exported.replace('.', '/'))));
    }
    if (!missing.isEmpty()) {
      throw new AssertionError("No Javadoc on\n  " + String.join("\n  ", missing));
    }
  }

  private static List<String> missingIn(Path packageDir) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
        Stream<Path> sources = Files.list(packageDir)) {
      List<Path> java = sources.filter(f -> f.toString().endsWith(".java")).sorted().toList();
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(java));
      Scanner scanner = new Scanner(DocTrees.instance(task));
      for (CompilationUnitTree unit : task.parse()) {
        scanner.scan(unit, null);
      }
      return scanner.missing;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Scanner extends TreePathScanner<@Nullable Void, @Nullable Void> {
    private final DocTrees docs;
    private final List<String> missing = new ArrayList<>();

    Scanner(DocTrees docs) {
      this.docs = docs;
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
      if (isVisible(type.getModifiers())) {
        check(type.getSimpleName().toString());
      } else if (!type.getModifiers().getFlags().contains(Modifier.ABSTRACT)) {
        return null; // nor is anything in it, while others show what an abstract class has
      }
      return super.visitClass(type, unused);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
      boolean isConstructor = method.getReturnType() == null;
      if (isVisible(method.getModifiers())
          && !isConstructor
          && !overrides(method)
          && !method.getName().contentEquals("build")) {
        check(method.getName() + "()");
      }
      return null; // what a body declares is not seen from outside
    }

    private void check(String name) {
      if (docs.getDocComment(getCurrentPath()) == null) {
        missing.add(place() + name);
      }
    }

    private String place() {
      CompilationUnitTree unit = getCurrentPath().getCompilationUnit();
      long start = docs.getSourcePositions().getStartPosition(unit, getCurrentPath().getLeaf());
      String file = Path.of(unit.getSourceFile().getName()).getFileName().toString();
      return file + ":" + unit.getLineMap().getLineNumber(start) + " ";
    }

    private boolean isVisible(ModifiersTree modifiers) {
      Set<Modifier> flags = modifiers.getFlags();
      return flags.contains(Modifier.PUBLIC)
          || flags.contains(Modifier.PROTECTED)
          || isMemberOfInterface() && !flags.contains(Modifier.PRIVATE);
    }

    private boolean isMemberOfInterface() {
      TreePath parent = getCurrentPath().getParentPath();
      Tree.Kind kind = parent.getLeaf().getKind();
      return kind == Tree.Kind.INTERFACE || kind == Tree.Kind.ANNOTATION_TYPE;
    }

    private static boolean overrides(MethodTree method) {
      return method.getModifiers().getAnnotations().stream()
          .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
    }
  }
}
