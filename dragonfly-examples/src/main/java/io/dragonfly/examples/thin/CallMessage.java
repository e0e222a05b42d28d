package io.dragonfly.examples.thin;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A call as it goes to the background peer.
 *
 * @param arguments the arguments behind the command's name
 * @param directory the absolute directory where relative paths begin
 * @param environment names and values by turns
 * @param umask the permissions that the caller's new files do not get; -1 where not known
 * @param columns the columns of the caller's terminal; 0 if there is none
 * @param pid the caller's process; 0 where not known
 * @param fileSystem names the view of the file system that the caller has; empty where not known
 * @param directories where the call's files may be, each followed by its {@link FileIdentity}; only
 *     if the background peer has another view
 */
public record CallMessage(
    List<String> arguments,
    String directory,
    List<String> environment,
    int umask,
    int columns,
    long pid,
    String fileSystem,
    List<String> directories) {
  private static final int MOST_STRINGS = 1 << 16;

  /** Returns the call as it goes over the socket. */
  public byte[] toBytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    DataOutputStream out = new DataOutputStream(bytes);
    writeAll(out, arguments);
    write(out, directory);
    writeAll(out, environment);
    out.writeInt(umask);
    out.writeInt(columns);
    out.writeLong(pid);
    write(out, fileSystem);
    writeAll(out, directories);
    return bytes.toByteArray();
  }

  /**
   * Reads a call.
   *
   * @throws IOException if it is none
   */
  public static CallMessage parse(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    CallMessage call =
        new CallMessage(
            readAll(in),
            read(in),
            readAll(in),
            in.readInt(),
            in.readInt(),
            in.readLong(),
            read(in),
            readAll(in));
    if (in.available() > 0 || hasOdd(call.environment(), call.directories())) {
      throw new IOException("a call is not well formed");
    }
    return call;
  }

  private static boolean hasOdd(List<String> pairs, List<String> otherPairs) {
    return pairs.size() % 2 != 0 || otherPairs.size() % 2 != 0;
  }

  private static void writeAll(DataOutputStream out, List<String> texts) throws IOException {
    out.writeInt(texts.size());
    for (String text : texts) {
      write(out, text);
    }
  }

  private static void write(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static List<String> readAll(DataInputStream in) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > MOST_STRINGS) {
      throw new IOException("a call has " + count + " texts");
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(read(in));
    }
    return texts;
  }

  private static String read(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) {
      throw new IOException("a text of a call has " + length + " bytes");
    }
    return new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }
}
