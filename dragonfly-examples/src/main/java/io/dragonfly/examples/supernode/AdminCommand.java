package io.dragonfly.examples.supernode;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.TlsOptions;
import io.dragonfly.examples.command.WhyNot;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.SupernodeSockets;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code supernode admin} command: shows and changes what a running supernode keeps. */
@Command(
    name = "admin",
    description =
        "Shows what a running supernode keeps and whom it knows, and changes what it keeps.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class AdminCommand implements Callable<Integer> {
  private static final String ROOT = "/api/v2/admin/";
  private static final int LEAST_DIGITS = 4;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** What can be asked for. */
  enum What {
    STATUS,
    TASKS,
    TASK,
    DELETE,
    PIN,
    UNPIN,
    VERIFY,
    PEERS,
    VERSIONS;

    boolean isAboutATask() {
      return this == TASK || this == DELETE || this == PIN || this == UNPIN || this == VERIFY;
    }
  }

  @Option(
      names = "--home-dir",
      paramLabel = "D",
      description = "Home of the supernode, where its token is. Or --admin-token-file.")
  private @Nullable String homeDir;

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description = "The file that the supernode has its token from.")
  private @Nullable String tokenFile;

  @Option(
      names = "--node",
      defaultValue = "127.0.0.1:8002",
      paramLabel = "HOST[:PORT]",
      description = "Where the supernode listens. Default: ${DEFAULT-VALUE}.")
  private String node = "";

  @Mixin private TlsOptions tls = new TlsOptions();

  @Option(
      names = "--supernode-fingerprint",
      split = ",",
      paramLabel = "SHA256",
      description =
          "Fingerprints of which the supernode's certificate must have one. This or --tls-ca is"
              + " needed if it is another machine.")
  private List<String> fingerprints = new ArrayList<>();

  @Option(names = "--json", description = "Write the supernode's answer, a JSON object.")
  private boolean json;

  @Parameters(
      index = "0",
      paramLabel = "WHAT",
      description = "status, tasks, peers, versions; task, delete, pin, unpin, verify with TASK.")
  private @Nullable String what;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TASK",
      description = "The beginning of a task's id, four digits or more.")
  private @Nullable String task;

  @Override
  public Integer call() {
    What wanted = wanted();
    if (wanted.isAboutATask() != (task != null)) {
      throw usage(wanted.isAboutATask() ? "which TASK?" : "'%s' takes no TASK".formatted(what));
    }
    Addresses.Node supernode = supernode();
    AdminCalls calls = new AdminCalls(supernode, token(), sockets(supernode));
    try {
      return wanted.isAboutATask() ? about(calls, wanted) : list(calls, wanted);
    } catch (AdminCalls.InUseException e) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("supernode: a peer wants the task, it stays: try again when it has it");
      err.flush();
      return ExitCode.TASK_IN_USE;
    }
  }

  private What wanted() {
    try {
      return What.valueOf(String.valueOf(what).toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(),
          "'%s' is none of status, tasks, task, delete, pin, unpin, verify, peers, versions"
              .formatted(what),
          e);
    }
  }

  private Addresses.Node supernode() {
    try {
      return Addresses.parseNode(node);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--node: " + e.getMessage(), e);
    }
  }

  /** The token goes to nobody who is not known beforehand. */
  private Optional<SupernodeSockets> sockets(Addresses.Node supernode) {
    try {
      TransportConfig.Builder builder = TransportConfig.builder();
      tls.giveTo(Path.of(""), builder::tlsCert, builder::tlsKey, builder::tlsCa);
      fingerprints.forEach(builder::supernodeFingerprint);
      TransportConfig config = builder.build();
      Optional<SupernodeSockets> sockets = SupernodeSockets.of(config, supernode.address());
      if (sockets.isPresent() && fingerprints.isEmpty() && config.tlsCa().isEmpty()) {
        throw usage(
            "--node is another machine: give --supernode-fingerprint, which its log has, or --tls-ca");
      }
      return sockets;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private String token() {
    if ((homeDir == null) == (tokenFile == null)) {
      throw usage("give either --home-dir or --admin-token-file");
    }
    Path file =
        tokenFile != null
            ? Path.of(tokenFile)
            : Path.of(String.valueOf(homeDir)).resolve("admin-token");
    try {
      return Files.readString(file).trim();
    } catch (IOException e) {
      throw new StorageException(
          "The token in %s cannot be read: %s. Run this as the user of the supernode."
              .formatted(file, WhyNot.of(e)),
          e);
    }
  }

  private int list(AdminCalls calls, What wanted) throws AdminCalls.InUseException {
    JsonNode answer =
        calls
            .call("GET", ROOT + wanted.name().toLowerCase(Locale.ROOT))
            .orElseThrow(() -> usage("the program at --node is no supernode of this version"));
    print(json ? answer.toString() : text(wanted, answer));
    return ExitCode.OK;
  }

  private int about(AdminCalls calls, What wanted) throws AdminCalls.InUseException {
    String path = ROOT + "tasks/" + find(calls);
    String verb = wanted.name().toLowerCase(Locale.ROOT);
    Optional<JsonNode> answer =
        switch (wanted) {
          case TASK -> calls.call("GET", path);
          case DELETE -> calls.call("DELETE", path);
          default -> calls.call("POST", path + "/" + verb);
        };
    JsonNode found = answer.orElseThrow(this::noSuchTask);
    print(json || wanted == What.TASK ? found.toPrettyString() : AdminText.done(found));
    return wanted == What.VERIFY && !found.path("bad").isEmpty()
        ? ExitCode.BAD_PIECES
        : ExitCode.OK;
  }

  /** Returns the whole id. */
  private String find(AdminCalls calls) throws AdminCalls.InUseException {
    String start = String.valueOf(task).toLowerCase(Locale.ROOT);
    if (start.matches("[0-9a-f]{64}")) {
      return start;
    }
    if (!start.matches("[0-9a-f]{" + LEAST_DIGITS + ",}")) {
      throw usage("'%s' is not the beginning of a task's id".formatted(task));
    }
    List<String> found = new ArrayList<>();
    JsonNode tasks = calls.call("GET", ROOT + "tasks").orElseThrow(this::noSuchTask);
    for (JsonNode one : tasks.path("tasks")) {
      if (one.path("task").asText().startsWith(start)) {
        found.add(one.path("task").asText());
      }
    }
    if (found.size() > 1) {
      throw usage("'%s' is the beginning of %d ids".formatted(task, found.size()));
    }
    return found.stream().findFirst().orElseThrow(this::noSuchTask);
  }

  private ParameterException noSuchTask() {
    return usage("the supernode has no task '%s'".formatted(task));
  }

  private static String text(What wanted, JsonNode answer) {
    return switch (wanted) {
      case STATUS -> AdminText.status(answer);
      case TASKS -> AdminText.tasks(answer);
      case VERSIONS -> AdminText.versions(answer);
      case PEERS -> AdminText.peers(answer);
      default -> answer.toPrettyString();
    };
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void print(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
