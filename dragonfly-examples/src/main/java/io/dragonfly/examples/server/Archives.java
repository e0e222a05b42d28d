package io.dragonfly.examples.server;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.dragonfly.examples.thin.HomeDirectory;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Archives of loaded classes (application class-data sharing), with which Java starts in a fraction
 * of the time: {@code thin} for the command that hands calls over, {@code full} for everything
 * else. They fit one Java, one set of jars and one place only, so they are made where they are
 * used. The start scripts say where, and use what is there.
 */
final class Archives {
  private static final Logger log = LoggerFactory.getLogger(Archives.class);
  private static final String PROPERTY = "dragonfly.archives";
  private static final long LIMIT_SECONDS = 120;

  private final List<Path> directories;
  private final String version;
  private final boolean gently;

  private Archives(List<Path> directories, String version, boolean gently) {
    this.directories = directories;
    this.version = version;
    this.gently = gently;
  }

  /**
   * Returns the archives of this process's Java and distribution.
   *
   * @param gently whether other processes come first
   * @return empty if no start script started this process
   */
  static Optional<Archives> ofThisProcess(boolean gently) {
    String shared = System.getProperty(PROPERTY);
    String own = System.getProperty(PROPERTY + ".own");
    String version = System.getProperty(PROPERTY + ".version");
    return shared == null || own == null || version == null
        ? Optional.empty()
        : Optional.of(new Archives(List.of(Path.of(shared), Path.of(own)), version, gently));
  }

  /** Makes what is not there, in a thread of its own. Failures are logged: all works without. */
  void makeInBackground() {
    Thread making =
        new Thread(
            () -> {
              try {
                make(false);
              } catch (IOException | InterruptedException e) {
                log.warn("No archive of classes could be made: {}", e.toString());
              }
            },
            "dragonfly-archives");
    making.setDaemon(true);
    making.start();
  }

  /**
   * Makes what is not there.
   *
   * @param wait whether to wait while another process makes them, or to leave it to that
   * @return the directory where they are
   */
  Path make(boolean wait) throws IOException, InterruptedException {
    for (Path directory : directories) {
      if (areIn(directory)) {
        return directory;
      }
    }
    Path directory = firstWritable();
    Path lockFile = directory.resolve("lock");
    try (FileChannel file =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = wait ? file.lock() : file.tryLock()) {
      if (lock != null && !areIn(directory)) {
        long start = System.nanoTime();
        removeOld(directory);
        makeIn(directory);
        log.info(
            "Archives of classes are made in {} in {} ms",
            directory,
            (System.nanoTime() - start) / 1_000_000);
      }
    }
    return directory;
  }

  private boolean areIn(Path directory) throws IOException {
    try {
      return Files.readString(key(directory)).equals(currentKey());
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private Path firstWritable() throws IOException {
    IOException last = new IOException("there is no directory for it");
    for (Path directory : directories) {
      try {
        Files.createDirectories(directory);
        if (Files.isWritable(directory)) {
          return directory;
        }
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private Path key(Path directory) {
    return directory.resolve(version + ".key");
  }

  private Path archive(Path directory, String kind) {
    return directory.resolve(kind + "-" + version + ".jsa");
  }

  /** Returns what an archive depends on. */
  private static String currentKey() throws IOException {
    StringBuilder key = new StringBuilder(System.getProperty("java.vm.version")).append('\n');
    for (String jar : classPath()) {
      Path file = Path.of(jar);
      key.append(jar).append(' ').append(Files.size(file)).append(' ');
      key.append(Files.getLastModifiedTime(file).toMillis()).append('\n');
    }
    return key.toString();
  }

  private static List<String> classPath() {
    return List.of(System.getProperty("java.class.path", "").split(File.pathSeparator, -1));
  }

  /** Removes what fits no more, and what was not finished. */
  private void removeOld(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.{jsa,key,new}")) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private void makeIn(Path directory) throws IOException, InterruptedException {
    String key = currentKey();
    // In here, so that the next one removes what a killed process has left.
    Path work = directory.resolve("work");
    deleteTree(work);
    HomeDirectory.create(work); // the rehearsals use it as a home, whatever the umask
    try {
      makeThin(work, directory);
      makeFull(work, directory);
    } finally {
      deleteTree(work);
    }
    Path fresh = directory.resolve(version + ".key.new");
    Files.writeString(fresh, key);
    Files.move(fresh, key(directory), StandardCopyOption.ATOMIC_MOVE);
  }

  /** One with the few classes that are needed, and nothing of the archive of the JDK. */
  private void makeThin(Path work, Path directory) throws IOException, InterruptedException {
    String jars = jar("dragonfly-examples") + File.pathSeparator + jar("dragonfly-core");
    Path list = work.resolve("classes");
    List<String> options = List.of("-Xmx16m", "-XX:+UseSerialGC", "-cp", jars);
    java(
        work,
        options,
        "-Xshare:off",
        "-XX:DumpLoadedClassList=" + list,
        "io.dragonfly.examples.thin.ClientCdsTraining",
        work.toString());
    Path fresh = directory.resolve("thin.new");
    java(
        work,
        options,
        "-Xshare:dump",
        "-XX:SharedClassListFile=" + list,
        "-XX:SharedArchiveFile=" + fresh);
    Files.move(fresh, archive(directory, "thin"), StandardCopyOption.ATOMIC_MOVE);
  }

  private static String jar(String name) throws IOException {
    return classPath().stream()
        .filter(entry -> Path.of(entry).getFileName().toString().startsWith(name + "-"))
        .findFirst()
        .orElseThrow(() -> new IOException("the class path has no " + name));
  }

  /**
   * One beside the archive of the JDK, which is good enough where it does not take all the time.
   */
  private void makeFull(Path work, Path directory) throws IOException, InterruptedException {
    Path fresh = directory.resolve("full.new");
    java(
        work,
        List.of(
            "-Xmx256m", "-XX:+UseSerialGC", "-cp", String.join(File.pathSeparator, classPath())),
        "-XX:ArchiveClassesAtExit=" + fresh,
        CdsTraining.class.getName(),
        work.toString());
    Files.move(fresh, archive(directory, "full"), StandardCopyOption.ATOMIC_MOVE);
  }

  private void java(Path work, List<String> options, String... more)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    Path nice = Path.of("/usr/bin/nice");
    if (gently && Files.isExecutable(nice)) {
      command.addAll(List.of(nice.toString(), "-n", "19"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xlog:disable", "-Xlog:all=error:stderr"));
    command.addAll(options);
    command.addAll(List.of(more));
    Path said = work.resolve("stderr");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(work.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(said.toFile());
    // The caller's settings are for its own files.
    builder.environment().keySet().removeIf(name -> name.startsWith("DRAGONFLY_"));
    Process process = builder.start();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("Java took longer than %d s".formatted(LIMIT_SECONDS));
      }
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "Java ended with %d: %s".formatted(process.exitValue(), Files.readString(said).trim()));
    }
  }

  private static void deleteTree(Path tree) throws IOException {
    if (Files.exists(tree)) {
      MoreFiles.deleteRecursively(tree, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }
}
