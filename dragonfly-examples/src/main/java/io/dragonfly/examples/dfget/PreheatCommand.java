package io.dragonfly.examples.dfget;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.OperatorCalls;
import io.dragonfly.examples.command.OperatorOptions;
import io.dragonfly.examples.command.Units;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code dfget preheat} command: has a supernode read something before the first peer asks. */
@Command(
    name = "preheat",
    description =
        "Has a supernode read a file or an image before the first peer asks for it. Needs the"
            + " token of its operators.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class PreheatCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ROOT = "/api/v2/preheats";
  private static final long LOOK_MILLIS = 500;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..1",
      paramLabel = "URL|IMAGE",
      description =
          "A file by its http or https URL, or an image: [REGISTRY/]REPOSITORY[:TAG][@DIGEST].")
  private @Nullable String what;

  @Mixin private OperatorOptions operator = new OperatorOptions();
  @Mixin private PreheatOptions options = new PreheatOptions();

  @Option(names = "--wait", description = "Wait for the end, and tell how it goes on.")
  private boolean wait;

  @Option(names = "--list", description = "Show all preheats that the supernode remembers.")
  private boolean list;

  @Option(names = "--status", paramLabel = "ID", description = "Show one.")
  private @Nullable String status;

  @Option(names = "--cancel", paramLabel = "ID", description = "End one; what was read stays.")
  private @Nullable String cancel;

  @Option(names = "--json", description = "Write the supernode's answer, a JSON object.")
  private boolean json;

  private final Call call;

  PreheatCommand(Call call) {
    this.call = call;
  }

  @Override
  public Integer call() throws Exception {
    int ways = (what == null ? 0 : 1) + (list ? 1 : 0) + (status == null ? 0 : 1);
    if (ways + (cancel == null ? 0 : 1) != 1) {
      throw usage("give one of URL, IMAGE, --list, --status and --cancel");
    }
    String named = what;
    Optional<String> request =
        named == null
            ? Optional.empty()
            : Optional.of(Usage.check(spec, () -> options.toJson(call, named)));
    OperatorCalls calls = operator.calls(spec, call.directory());
    if (list) {
      return showAll(calls);
    }
    if (cancel != null) {
      return cancel(calls, ROOT + "/" + checked(cancel));
    }
    JsonNode preheat =
        request.isPresent()
            ? known(calls.call("POST", ROOT, request))
            : known(calls.call("GET", ROOT + "/" + checked(status)));
    if (wait) {
      preheat = await(calls, preheat);
    }
    say(json ? preheat.toString() : text(preheat));
    return exitCode(preheat);
  }

  /** Who is too late hears how it ended. */
  private int cancel(OperatorCalls calls, String path) throws Exception {
    JsonNode before = known(calls.call("GET", path));
    boolean isLate = isEnd(before);
    JsonNode after = isLate ? before : known(calls.call("DELETE", path));
    isLate |= !after.path("state").asText().equals("cancelled");
    say(json ? after.toString() : text(after));
    if (isLate && !json) {
      say(
          "It had ended already, at %s: nothing was cancelled."
              .formatted(after.path("ended").asText()));
    }
    return ExitCode.OK;
  }

  private String checked(@Nullable String id) {
    String text = String.valueOf(id);
    if (!text.matches("[0-9a-f]{1,64}")) {
      throw usage("'%s' is no id of a preheat: --list shows them".formatted(text));
    }
    return text;
  }

  private JsonNode known(Optional<String> answer) throws JsonProcessingException {
    String json =
        answer.orElseThrow(
            () ->
                usage(
                    what == null
                        ? "the supernode does not know this preheat, or not any more"
                        : "the program at --node is no supernode of this version"));
    return JSON.readTree(json);
  }

  /** Looks from time to time; who leaves ends the waiting, and nothing else. */
  private JsonNode await(OperatorCalls calls, JsonNode begun) throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    call.onGone(gone::countDown);
    JsonNode now = begun;
    String said = "";
    while (!isEnd(now)) {
      String text = text(now);
      if (!json && !text.equals(said)) {
        say(text);
        said = text;
      }
      if (gone.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new FetchCancelledException(
            "Nobody waits any more for preheat %s, which goes on: --status and --cancel are about it."
                .formatted(now.path("id").asText()));
      }
      now = known(calls.call("GET", ROOT + "/" + now.path("id").asText()));
    }
    return now;
  }

  private static boolean isEnd(JsonNode preheat) {
    return preheat.path("state").asText().matches("done|failed|cancelled");
  }

  private int showAll(OperatorCalls calls) throws Exception {
    JsonNode all = known(calls.call("GET", ROOT));
    if (json) {
      say(all.toString());
    } else {
      all.path("preheats").forEach(each -> say(text(each)));
    }
    return ExitCode.OK;
  }

  private String text(JsonNode preheat) {
    String line =
        "%s %s: %s, %s of %s contents, %s"
            .formatted(
                preheat.path("id").asText(),
                preheat.path("state").asText(),
                preheat.path("what").asText(),
                preheat.path("done").asText(),
                preheat.path("contents").asInt() == 0 ? "?" : preheat.path("contents").asText(),
                Units.size(preheat.path("bytes").asLong()));
    if (preheat.path("peers").asInt() > 0) {
      line += ", peers that are told: %d".formatted(preheat.path("peers").asInt());
    } else if (options.hasPeers() && preheat.path("state").asText().equals("done")) {
      line += ", no peer is told: none that is known was started with --allow-preheat";
    }
    return preheat.has("error")
        ? "%s%n%s: %s"
            .formatted(
                line, preheat.at("/error/kind").asText(), preheat.at("/error/message").asText())
        : line;
  }

  private static int exitCode(JsonNode preheat) {
    return switch (preheat.path("state").asText()) {
      case "failed" -> ExitCode.of(kind(preheat.at("/error/kind").asText()));
      case "cancelled" -> ExitCode.INTERRUPTED;
      default -> ExitCode.OK;
    };
  }

  private static ErrorKind kind(String name) {
    return ErrorKind.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void say(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
