package io.dragonfly.examples;

import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/** A real web server on 127.0.0.1 that logs the body bytes of each answer. */
final class Nginx {
  private static final String PROGRAM = "nginx";

  private final Path dir;
  private final int port;

  private Nginx(Path dir, int port) {
    this.dir = dir;
    this.port = port;
  }

  /** Skips the test if there is none. */
  static void require() {
    Installed.program(PROGRAM);
  }

  /** Starts nginx in a directory of its own; the lab ends it. */
  static Nginx start(CommandLab lab) throws Exception {
    Path dir = Files.createDirectories(lab.dir().resolve("nginx"));
    Files.createDirectories(dir.resolve("www/private"));
    Files.writeString(dir.resolve("users"), "alice:{PLAIN}wonderland\n");
    int port = FreePorts.next();
    Path conf = dir.resolve("nginx.conf");
    Files.writeString(conf, configuration(dir, port));
    String program = Installed.program(PROGRAM).toString();
    lab.startProgram(List.of(program, "-c", conf.toString(), "-p", dir.toString()))
        .awaitUp(() -> Files.exists(dir.resolve("pid"))); // written when it listens
    return new Nginx(dir, port);
  }

  private static String configuration(Path dir, int port) {
    return """
        daemon off; master_process off; worker_processes 1;
        pid %1$s/pid; error_log %1$s/error.log;
        events { worker_connections 256; }
        http {
          log_format bytes '$request_uri $status $body_bytes_sent';
          access_log %1$s/access.log bytes;
          sendfile on;
          client_body_temp_path %1$s/t1; proxy_temp_path %1$s/t2; fastcgi_temp_path %1$s/t3;
          uwsgi_temp_path %1$s/t4; scgi_temp_path %1$s/t5;
          server {
            listen 127.0.0.1:%2$d; root %1$s/www;
            location /slow/ { alias %1$s/www/; limit_rate 16m; }
            location /private/ { auth_basic "staff"; auth_basic_user_file %1$s/users; limit_rate 8m; }
          }
        }
        """
        .formatted(dir, port);
  }

  /** Writes a file of random bytes. */
  Path publish(String name, long length) throws IOException {
    Path file = dir.resolve("www").resolve(name);
    SplittableRandom random = new SplittableRandom(length);
    byte[] buffer = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long left = length; left > 0; left -= buffer.length) {
        random.nextBytes(buffer);
        out.write(buffer, 0, (int) Math.min(left, buffer.length));
      }
    }
    return file;
  }

  String url(String path) {
    return "http://127.0.0.1:%d/%s".formatted(port, path);
  }

  /** Returns the body bytes of all answers with 200 or 206 for a path so far. */
  long bodyBytes(String path) throws IOException {
    long sum = 0;
    for (String line : Files.readAllLines(dir.resolve("access.log"))) {
      String[] fields = line.split(" ");
      if (fields[0].equals("/" + path) && fields[1].startsWith("20")) {
        sum += Long.parseLong(fields[2]);
      }
    }
    return sum;
  }
}
