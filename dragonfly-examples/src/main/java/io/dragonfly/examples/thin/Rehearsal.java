package io.dragonfly.examples.thin;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Makes a call to a server that does nothing, so that Java learns which classes a call needs. They
 * become the archive that makes calls start quickly.
 */
public final class Rehearsal extends Thread {
  private static final int TOKEN_BYTES = 32;

  private final ServerSocket listening;
  private final byte[] token;

  private Rehearsal(ServerSocket listening, byte[] token) {
    super("dragonfly-rehearsal");
    this.listening = listening;
    this.token = token;
    setDaemon(true);
  }

  /** Makes a call with the directory that is the only argument as its home. */
  public static void main(String[] args) throws IOException {
    File home = new File(args[0]);
    byte[] token = new byte[TOKEN_BYTES];
    ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    ServerFile file =
        new ServerFile(
            listening.getLocalPort(),
            ProcessHandle.current().pid(),
            Distribution.version(),
            "00".repeat(TOKEN_BYTES));
    HomeDirectory.replace(
        new File(home, ServerFile.NAME).toPath(), file.toJson().getBytes(StandardCharsets.UTF_8));
    new Rehearsal(listening, token).start();
    ThinMain.main(
        new String[] {"--url", "http://localhost/file", "--output=file", "--home", home.getPath()});
  }

  @Override
  public void run() {
    try (Socket socket = listening.accept();
        DataInputStream in =
            new DataInputStream(new BufferedInputStream(socket.getInputStream()))) {
      Handshake.answer(in, socket.getOutputStream(), token);
      Frame call = Frame.read(in);
      if (call != null) {
        Frame.write(socket.getOutputStream(), Frame.OUT, call.payload());
        Frame.write(socket.getOutputStream(), Frame.ERR, call.payload());
        Frame.write(socket.getOutputStream(), Frame.EXIT, 0);
      }
    } catch (IOException e) {
      Messages.say("the rehearsal failed: " + e);
    }
  }
}
