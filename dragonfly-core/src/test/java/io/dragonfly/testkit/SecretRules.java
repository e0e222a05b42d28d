package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What holds for the records of a module: none shows, as text, a secret that it holds. What Java
 * makes of a record as its text has all that is in it, and texts end up in logs. Each record of the
 * module is made with secrets in all places that have the name or the type of one, also within
 * others, and looked at; so one that is added later is looked at, too.
 */
public final class SecretRules {
  /** What no text may have. */
  public static final String SECRET = "dontTellAnybody";

  private static final PeerSecret PEER = PeerSecret.random(new SecureRandom());

  private static final Pattern SECRET_NAME =
      Pattern.compile("(?i).*(secret|token|ticket|capability|password|authorization|cookie).*");

  private static final int DEPTH = 6;

  private final Path classes;
  private final Map<Class<?>, Object> samples = new HashMap<>();
  private int looked;

  private SecretRules(Path classes) {
    this.classes = classes;
    sample(boolean.class, false);
    sample(int.class, 1);
    sample(long.class, 1L);
    sample(double.class, 1.0);
    sample(OptionalInt.class, OptionalInt.empty());
    sample(OptionalLong.class, OptionalLong.empty());
    sample(Duration.class, Duration.ofSeconds(1));
    sample(Instant.class, Instant.EPOCH);
    sample(Path.class, Path.of("file"));
    sample(InetAddress.class, InetAddress.getLoopbackAddress());
    sample(InetSocketAddress.class, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
    sample(URI.class, URI.create("https://u:%s@host/p?signature=%s".formatted(SECRET, SECRET)));
    sample(Headers.class, Headers.NONE.with("Authorization", SECRET).with("Cookie", SECRET));
    sample(Headers.Header.class, new Headers.Header("Authorization", SECRET));
    sample(BitSet.class, new BitSet());
    sample(byte[].class, SECRET.getBytes(StandardCharsets.US_ASCII));
    sample(PeerSecret.class, PEER);
    sample(PeerId.class, PEER.id());
    sample(TaskId.class, new TaskId("ab".repeat(32)));
    sample(TaskKey.class, new TaskKey("cd".repeat(32)));
    sample(Digest.class, Digest.sha256(new byte[32]));
    sample(ByteRange.class, new ByteRange(0, 1));
    sample(PieceLayout.class, PieceLayout.of(1));
    sample(Task.class, ControlExamples.registerAnswers().get(0).task());
    sample(PieceDigests.class, PieceDigests.NONE);
  }

  /** Rules about the module whose compiled classes are here. */
  public static SecretRules of(Path classes) {
    return new SecretRules(classes);
  }

  /** Adds a value of a class that cannot be made by itself. */
  public SecretRules sample(Class<?> type, Object value) {
    samples.put(type, value);
    return this;
  }

  /**
   * Returns the records, by name, that show a secret, or that hold one and could not be made to see
   * whether they do.
   */
  public List<String> telling() {
    List<String> telling = new ArrayList<>();
    for (Class<?> type : records()) {
      Object made = sample(type, "", DEPTH);
      if (made != null) {
        looked++;
        String text = made.toString();
        if (hidden().stream().anyMatch(text::contains)) {
          telling.add(type.getName() + " says " + text);
        }
      } else if (mayHold(type)) {
        telling.add(type.getName() + " could not be made: it needs a sample");
      }
    }
    return telling;
  }

  /** No record of this module, of which there are at least so many, shows a secret. */
  public void noRecordTellsASecret(int least) {
    assertThat(telling()).isEmpty();
    assertThat(looked).isGreaterThanOrEqualTo(least);
  }

  /** Returns the forms in which a secret would be seen. */
  public static List<String> hidden() {
    String coded = Base64.getEncoder().encodeToString(SECRET.getBytes(StandardCharsets.US_ASCII));
    return List.of(SECRET, coded.substring(0, coded.length() - 4), PEER.reveal());
  }

  private static boolean mayHold(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .anyMatch(part -> SECRET_NAME.matcher(part.getName()).matches());
  }

  private List<Class<?>> records() {
    List<Class<?>> found = new ArrayList<>();
    try (var files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
        String name = classes.relativize(file).toString().replace('/', '.').replace('\\', '.');
        if (!name.endsWith("-info.class")) {
          Class<?> type =
              Class.forName(
                  name.substring(0, name.length() - ".class".length()),
                  false,
                  SecretRules.class.getClassLoader());
          if (type.isRecord()) {
            found.add(type);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
    return found;
  }

  private @Nullable Object sample(Type type, String name, int depth) {
    if (type instanceof ParameterizedType generic) {
      return generic(generic, name, depth);
    }
    if (!(type instanceof Class<?> raw)) {
      return null;
    }
    if (raw == String.class) {
      return SECRET_NAME.matcher(name).matches() ? SECRET : "x";
    }
    if (samples.containsKey(raw)) {
      return samples.get(raw);
    }
    if (raw.isEnum()) {
      return raw.getEnumConstants()[0];
    }
    if (raw.isArray()) {
      return Array.newInstance(raw.getComponentType(), 0);
    }
    return raw.isRecord() && depth > 0 ? record(raw, depth - 1) : null;
  }

  private @Nullable Object generic(ParameterizedType type, String name, int depth) {
    Object inner = sample(type.getActualTypeArguments()[0], name, depth);
    if (type.getRawType() == Optional.class) {
      return Optional.ofNullable(inner);
    } else if (type.getRawType() == List.class) {
      return inner == null ? List.of() : List.of(inner);
    } else if (type.getRawType() == Set.class) {
      return inner == null ? Set.of() : Set.of(inner);
    }
    return type.getRawType() == Map.class ? Map.of() : sample(type.getRawType(), name, depth);
  }

  private @Nullable Object record(Class<?> type, int depth) {
    RecordComponent[] parts = type.getRecordComponents();
    Class<?>[] types = Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new);
    Object[] values =
        Arrays.stream(parts)
            .map(part -> sample(part.getGenericType(), part.getName(), depth))
            .toArray();
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      return null; // it checks its values
    }
  }
}
