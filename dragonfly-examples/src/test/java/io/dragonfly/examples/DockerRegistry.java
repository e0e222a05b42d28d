package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A real registry that logs each answer. */
final class DockerRegistry {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROGRAM = "docker-registry";

  private final HttpClient http = HttpClient.newHttpClient();
  private final CommandLab.Running running;
  private final String ip;
  private final int port;

  private DockerRegistry(CommandLab.Running running, String ip, int port) {
    this.running = running;
    this.ip = ip;
    this.port = port;
  }

  /** Skips the test if there is none. */
  static void require() {
    Installed.program(PROGRAM);
  }

  /** Starts one in a directory of its own; the lab ends it. */
  static DockerRegistry start(CommandLab lab) throws Exception {
    return start(lab, "127.0.0.1", "");
  }

  /**
   * Starts one that has the same images and speaks TLS.
   *
   * @param ip where it listens
   * @param certificate a PEM file, with the key beside it in one that ends with {@code .key}
   */
  static DockerRegistry startTls(CommandLab lab, String ip, Path certificate) throws Exception {
    return start(lab, ip, ", tls: {certificate: %1$s, key: %1$s.key}".formatted(certificate));
  }

  private static DockerRegistry start(CommandLab lab, String ip, String tls) throws Exception {
    Path dir = Files.createDirectories(lab.dir().resolve("registry"));
    int port = FreePorts.next();
    Path config = dir.resolve("config-%d.yml".formatted(port));
    Files.writeString(
        config,
        """
        version: 0.1
        log: {level: info, formatter: json, accesslog: {disabled: true}}
        storage: {filesystem: {rootdirectory: %s}}
        http: {addr: "%s:%d", secret: lab%s}
        """
            .formatted(dir.resolve("store"), ip, port, tls));
    CommandLab.Running running =
        lab.startProgram(
            List.of(Installed.program(PROGRAM).toString(), "serve", config.toString()));
    running.awaitUp(() -> running.err().contains("listening on "));
    return new DockerRegistry(running, ip, port);
  }

  String address() {
    return ip + ":" + port;
  }

  /** Puts an image there, with the tag {@code 1}. */
  void push(String name, TestImage image) throws Exception {
    for (byte[] blob : image.blobs()) {
      HttpResponse<String> upload =
          send(request("/v2/%s/blobs/uploads/".formatted(name)).POST(BodyPublishers.noBody()));
      String place = upload.headers().firstValue("Location").orElseThrow();
      String digest = TestImage.digest(blob).replace(":", "%3A");
      HttpRequest.Builder put =
          HttpRequest.newBuilder(
                  URI.create("http://" + address()).resolve(place + "&digest=" + digest))
              .PUT(BodyPublishers.ofByteArray(blob));
      assertThat(send(put).statusCode()).isEqualTo(201);
    }
    HttpRequest.Builder put =
        request("/v2/%s/manifests/1".formatted(name))
            .header("Content-Type", TestImage.manifestType())
            .PUT(BodyPublishers.ofByteArray(image.manifest()));
    assertThat(send(put).statusCode()).isEqualTo(201);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + address() + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), BodyHandlers.ofString());
  }

  /** Returns the body bytes of all blobs that were read so far. */
  long blobBytes() throws IOException {
    long sum = 0;
    for (String line : running.err().split("\n")) {
      if (line.startsWith("{") && line.contains("\"response completed\"")) {
        JsonNode entry = JSON.readTree(line);
        if (entry.path("http.request.method").asText().equals("GET")
            && entry.path("http.request.uri").asText().contains("/blobs/")) {
          sum += entry.path("http.response.written").asLong();
        }
      }
    }
    return sum;
  }
}
