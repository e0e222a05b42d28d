package io.dragonfly.examples.thin;

import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes a call to a background peer that does nothing, so that Java learns which classes a call
 * needs. They become the archive that makes calls start quickly.
 */
public final class ClientCdsTraining extends Thread {
  private final ServerSocketChannel listening;
  private final Path path;

  private ClientCdsTraining(ServerSocketChannel listening, Path path) {
    super("dragonfly-rehearsal");
    this.listening = listening;
    this.path = path;
    setDaemon(true);
  }

  /** Makes a call with the directory that is the only argument as its home. */
  public static void main(String[] args) throws IOException {
    File home = new File(args[0]);
    Path path = SocketPath.of(home);
    SocketPath.prepare(path);
    ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(path));
    new ClientCdsTraining(listening, path).start();
    ThinMain.main(
        new String[] {"--url", "http://localhost/file", "--output=file", "--home", home.getPath()});
  }

  @Override
  public void run() {
    try (LocalSocket socket = new LocalSocket(listening.accept())) {
      Files.delete(path); // it may lie in a directory that stays
      DataInputStream in = new DataInputStream(socket.in());
      Frame.write(socket.out(), Frame.HELLO, Greeting.ofThisProcess().toBytes());
      Frame call = Frame.read(in);
      if (call != null) {
        Frame.write(socket.out(), Frame.OUT, call.payload());
        Frame.write(socket.out(), Frame.ERR, call.payload());
        Frame.write(socket.out(), Frame.EXIT, 0);
      }
    } catch (IOException e) {
      Messages.say("the rehearsal failed: " + e);
    }
  }
}
