package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.net.HostAndPort;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.transport.http.SupernodeSockets;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Calls of an operator to a supernode. */
public final class OperatorCalls {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /** A server that does not speak TLS may say nothing at all. */
  private static final Duration HANDSHAKE = Duration.ofSeconds(20);

  /** To verify a large task takes long. */
  private static final Duration ANSWER = Duration.ofMinutes(30);

  private final CommandSpec spec;
  private final Addresses.Node supernode;
  private final String token;
  private final SupernodeSockets tls;

  /**
   * Calls to a supernode.
   *
   * @param spec the command that makes them
   * @param tls how it is called
   */
  OperatorCalls(CommandSpec spec, Addresses.Node supernode, String token, SupernodeSockets tls) {
    this.spec = spec;
    this.supernode = supernode;
    this.token = token;
    this.tls = tls;
  }

  /** A supernode said that a peer wants the task. */
  public static final class InUseException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Makes a call.
   *
   * @return the answer, empty if there is no such thing
   * @throws InUseException if the task is in use
   * @throws SupernodeUnreachableException if no supernode answers there
   * @throws CallRefusedException if it does not accept the call
   * @throws ParameterException if it cannot understand what was asked for
   */
  public Optional<String> call(String method, String path) throws InUseException {
    return call(method, path, Optional.empty());
  }

  /** The same with a body in JSON, as the answer is. */
  public Optional<String> call(String method, String path, Optional<String> body)
      throws InUseException {
    String where = HostAndPort.fromParts(supernode.host(), supernode.port()).toString();
    try {
      URI url = new URI("https", null, supernode.host(), supernode.port(), path, null, null);
      HttpsURLConnection connection =
          (HttpsURLConnection) url.toURL().openConnection(Proxy.NO_PROXY);
      connection.setRequestMethod(method);
      if (!token.isEmpty()) {
        connection.setRequestProperty("Authorization", "Bearer " + token);
      }
      connection.setRequestProperty("Connection", "close"); // the JDK would keep it for no use
      connection.setConnectTimeout((int) CONNECT.toMillis());
      connection.setReadTimeout((int) HANDSHAKE.toMillis());
      Optional<byte[]> json = body.map(text -> text.getBytes(UTF_8));
      if (json.isPresent()) {
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(json.get().length);
        connection.setRequestProperty("Content-Type", "application/json");
      }
      connect(connection, tls);
      if (json.isPresent()) {
        send(connection, json.get());
      }
      return answer(connection, where);
    } catch (IOException | URISyntaxException e) {
      throw new SupernodeUnreachableException(
          "No supernode answers at %s: %s. Check --node and that it runs."
              .formatted(where, e.getMessage()),
          e);
    }
  }

  private static void send(HttpURLConnection connection, byte[] json) throws IOException {
    try (OutputStream out = connection.getOutputStream()) {
      out.write(json);
    }
  }

  private static void connect(HttpsURLConnection connection, SupernodeSockets tls)
      throws IOException {
    OneSocketFactory sockets = new OneSocketFactory(tls.factory());
    connection.setSSLSocketFactory(sockets);
    if (!tls.checksNames()) {
      connection.setHostnameVerifier((host, session) -> true); // the certificate itself is known
    }
    connection.connect();
    sockets.made().setSoTimeout((int) ANSWER.toMillis());
    tls.connected(connection.getSSLSession().orElseThrow());
  }

  private Optional<String> answer(HttpURLConnection connection, String where)
      throws IOException, InUseException {
    int status = connection.getResponseCode();
    InputStream stream = status < 400 ? connection.getInputStream() : connection.getErrorStream();
    String text = stream == null ? "{}" : new String(stream.readAllBytes(), UTF_8);
    if (status == HttpURLConnection.HTTP_UNAUTHORIZED) {
      throw new CallRefusedException(
          "The supernode at %s does not know this token: give its own with --home-dir or --admin-token-file."
              .formatted(where));
    }
    JsonNode json = parsed(text);
    switch (status) {
      case HttpURLConnection.HTTP_OK, HttpURLConnection.HTTP_ACCEPTED -> {
        return Optional.of(text);
      }
      case HttpURLConnection.HTTP_NOT_FOUND -> {
        return Optional.empty();
      }
      case HttpURLConnection.HTTP_CONFLICT -> throw new InUseException();
      case HttpURLConnection.HTTP_BAD_REQUEST ->
          throw new ParameterException(spec.commandLine(), why(json));
      default ->
          throw new CallRefusedException(
              "The supernode at %s answered %d: %s.".formatted(where, status, why(json)));
    }
  }

  private static String why(JsonNode answer) {
    return answer.at("/error/message").asText("it does not say why").replaceFirst("\\.$", "");
  }

  private static JsonNode parsed(String text) throws IOException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException("what answers there is no supernode", e);
    }
  }
}
