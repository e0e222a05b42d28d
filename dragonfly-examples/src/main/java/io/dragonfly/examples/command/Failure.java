package io.dragonfly.examples.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Why a command failed, as people and programs are told.
 *
 * @param kind the name that programs know it by
 * @param message one line, without names of classes
 * @param status the HTTP status of the source, if it gave one
 * @param retryAfter how long the source wants to be left alone, if it said so
 * @param exitCode a code of {@link ExitCode}
 */
record Failure(
    String kind, String message, OptionalInt status, Optional<Duration> retryAfter, int exitCode) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern CLASS_NAME =
      Pattern.compile("\\b(?:[a-z_]\\w*+\\.)++[A-Z][\\w$]*(?:Exception|Error)\\b(?:: )?");

  /** How the library names a setting that it refuses, and others that do not go with it. */
  private static final Pattern PROPERTY =
      Pattern.compile(
          "^[a-z]+(?:[A-Z][a-z]+)+(?= is )|^crl\\b"
              + "|\\b(?:tls(?:Cert|Key|Ca)|supernodeFingerprint|plainPieces)\\b");

  /** How the library names the fetch that needs no supernode, and what it is for a command. */
  private static final String LIBRARY_SOURCE = "with the pattern source";

  private static final String OPTION_SOURCE = "with --pattern source";

  /** The command line, a variable or a configuration file is wrong. */
  static Failure usage(String message) {
    return new Failure(
        "usage",
        forPeople(byOption(message)),
        OptionalInt.empty(),
        Optional.empty(),
        ExitCode.USAGE);
  }

  /** Names the option, such as --home-dir, where the library names homeDir. */
  private static String byOption(String message) {
    return PROPERTY
        .matcher(message)
        .replaceAll(
            name -> "--" + name.group().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT));
  }

  /** What ended a command that had begun. */
  static Failure of(Throwable thrown) {
    if (thrown instanceof DistributionException known) {
      return new Failure(
          known.kind().name().toLowerCase(Locale.ROOT),
          forPeople(known.getMessage()),
          status(known),
          known instanceof SourceFailedException failed ? failed.retryAfter() : Optional.empty(),
          ExitCode.of(known));
    }
    String what = thrown.getMessage() == null ? "no more is known" : forPeople(thrown.getMessage());
    return new Failure(
        "internal",
        "This is a defect, please report it with what --verbose shows: " + what,
        OptionalInt.empty(),
        Optional.empty(),
        ExitCode.INTERNAL);
  }

  private static OptionalInt status(DistributionException failure) {
    if (failure instanceof AccessRefusedException refused) {
      return OptionalInt.of(refused.status());
    }
    if (failure instanceof ContentNotFoundException notFound) {
      return notFound.status();
    }
    return failure instanceof SourceFailedException failed ? failed.status() : OptionalInt.empty();
  }

  /** Returns a text as one line and without the names of exceptions. */
  static String forPeople(String text) {
    String plain = CLASS_NAME.matcher(text).replaceAll("");
    return Commands.oneLine(plain.replace(LIBRARY_SOURCE, OPTION_SOURCE));
  }

  /** Returns what programs get, in one line. */
  String toJson(Map<String, String> context) {
    ObjectNode object = JSON.createObjectNode();
    context.forEach(object::put);
    ObjectNode error = object.putObject("error");
    error.put("kind", kind);
    error.put("message", message);
    status.ifPresent(code -> error.put("status", code));
    retryAfter.ifPresent(time -> error.put("retryAfterSeconds", time.toSeconds()));
    try {
      return JSON.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a plain object did not become JSON", e);
    }
  }
}
