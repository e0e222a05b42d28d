package io.dragonfly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.testkit.ApiDump;
import io.dragonfly.testkit.JavadocRules;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dumps a small module with one of each kind; the text must be the same on every JDK. */
class ApiDumpTest {
  private static final Map<String, String> SOURCES =
      Map.of(
          "module-info.java",
          "module sample { exports io.dragonfly.sample; }",
          "io/dragonfly/sample/Shape.java",
          """
          package io.dragonfly.sample;
          public sealed interface Shape<T extends Comparable<T> & java.io.Serializable> {
            /** Has a comment. */
            default java.util.Map<String, ? super T[]> byName(T... names) { return null; }
            record Dot(int x) implements Shape<String> {}
            enum Kind { ROUND { @Override void hidden() {} }; void hidden() {} }
          }
          """,
          "io/dragonfly/sample/Base.java",
          """
          package io.dragonfly.sample;
          abstract class Base<B> { protected B inherited() throws java.io.IOException { return null; } }
          """,
          "io/dragonfly/sample/Circle.java",
          """
          package io.dragonfly.sample;
          /** Has a comment. */
          public final class Circle extends Base<Circle> {
            @Deprecated public static final long MAX = 1;
            Circle() {}
            public Circle(long radius) {}
            private void unseen() {}
            public <X extends Exception> void orThrow(Class<X> kind) throws X {}
            @Override public String toString() { return ""; }
          }
          """,
          "io/dragonfly/hidden/Hidden.java",
          "package io.dragonfly.hidden; public class Hidden {}");

  @TempDir private Path dir;
  private Path sources;
  private Path classes;

  @BeforeEach
  void compile() throws IOException {
    sources = dir.resolve("sources");
    classes = dir.resolve("classes");
    List<String> arguments =
        new ArrayList<>(List.of("-Xlint:none", "-XDsuppressNotes", "-d", classes.toString()));
    for (Map.Entry<String, String> source : SOURCES.entrySet()) {
      Path file = sources.resolve(source.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, source.getValue());
      arguments.add(file.toString());
    }
    int exit =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertThat(exit).isZero();
  }

  @Test
  void printsWhatIsSeenFromOutsideAndNothingElse() throws IOException {
    assertThat(dump().toString())
        .isEqualTo(
            """
            io.dragonfly.sample.Circle: @Deprecated public static final long MAX
            io.dragonfly.sample.Circle: protected io.dragonfly.sample.Circle inherited() throws java.io.IOException
            io.dragonfly.sample.Circle: public <X extends java.lang.Exception> void orThrow(java.lang.Class<X>) throws X
            io.dragonfly.sample.Circle: public final class extends io.dragonfly.sample.Base<io.dragonfly.sample.Circle>
            io.dragonfly.sample.Circle: public new(long)
            io.dragonfly.sample.Shape$Dot: public int x()
            io.dragonfly.sample.Shape$Dot: public new(int)
            io.dragonfly.sample.Shape$Dot: public record implements io.dragonfly.sample.Shape<java.lang.String>
            io.dragonfly.sample.Shape$Kind: io.dragonfly.sample.Shape$Kind ROUND
            io.dragonfly.sample.Shape$Kind: public enum
            io.dragonfly.sample.Shape$Kind: public static io.dragonfly.sample.Shape$Kind valueOf(java.lang.String)
            io.dragonfly.sample.Shape$Kind: public static io.dragonfly.sample.Shape$Kind[] values()
            io.dragonfly.sample.Shape: public default java.util.Map<java.lang.String, ? super T[]> byName(T...)
            io.dragonfly.sample.Shape: public sealed interface<T extends java.lang.Comparable<T> & java.io.Serializable>
            """);
  }

  @Test
  void namesWhatChangedAndHowToAcceptIt() throws IOException {
    ApiDump dump = dump();
    Path accepted = dir.resolve("api.txt");
    Files.writeString(accepted, dump.toString());
    dump.compareWith(accepted);

    Files.writeString(accepted, dump.toString().replace("orThrow", "orElse"));

    assertThatThrownBy(() -> dump.compareWith(accepted))
        .hasMessageContaining("  - io.dragonfly.sample.Circle: public <X extends")
        .hasMessageContaining("orElse(")
        .hasMessageContaining("orThrow(")
        .hasMessageContaining("-Dapi.accept=true");
  }

  @Test
  void namesWhatHasNoComment() {
    assertThatThrownBy(() -> JavadocRules.verify(sources, classes))
        .hasMessage(
            "No Javadoc on\n  Base.java:2 inherited()\n  Circle.java:8 orThrow()\n  Shape.java:2 Shape\n  Shape.java:5 Dot\n"
                + "  Shape.java:6 Kind");
  }

  private ApiDump dump() throws IOException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      return ApiDump.of(classes);
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
