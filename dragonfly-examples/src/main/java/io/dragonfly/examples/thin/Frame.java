package io.dragonfly.examples.thin;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * What goes over the local socket, or the streams of a new process: a byte that says what it is,
 * the length in four bytes, and as many bytes. Nothing else parses what comes over it.
 *
 * @param type one of the constants here
 * @param payload the bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Frame(int type, byte[] payload) {
  /** To the background peer: a call, see {@link CallMessage}. */
  public static final int CALL = 1;

  /** To the background peer: how many columns the terminal has now, in four bytes. */
  public static final int COLUMNS = 2;

  /** To the background peer: end, once what runs is done. It answers with {@link #ENDING}. */
  public static final int END_SERVER = 3;

  /** To the background peer: respond with {@link #ALIVE} if the call still runs. Empty. */
  public static final int PING = 4;

  /** To the caller: bytes for stdout. */
  public static final int OUT = 16;

  /** To the caller: bytes for stderr. */
  public static final int ERR = 17;

  /** To the caller: the call has ended with this exit code, in four bytes. */
  public static final int EXIT = 18;

  /**
   * To the caller: this background peer takes no more calls. It keeps the connection until it has
   * let go of the data directory.
   */
  public static final int ENDING = 19;

  /** To the caller: this call cannot be done here, for a reason; nothing was done. */
  public static final int REFUSED = 20;

  /** To the caller: the call still runs. Empty. */
  public static final int ALIVE = 21;

  /**
   * To the caller: who is at this end, see {@link Greeting}. It is the first frame on a socket. On
   * the streams of a process that was started for the call it says that the start is over.
   */
  public static final int HELLO = 22;

  /** The longest payload: a call with all arguments that a system allows. */
  public static final int MOST_BYTES = 4 << 20;

  /** The longest payload of {@link #OUT} and {@link #ERR}. */
  public static final int CHUNK_BYTES = 64 << 10;

  private static final int HEAD_BYTES = 5;

  /**
   * Reads the next frame; null if the other end is gone.
   *
   * @throws IOException if what comes is no frame
   */
  public static @Nullable Frame read(DataInputStream in) throws IOException {
    int type = in.read();
    return type < 0 ? null : readRest(type, in);
  }

  /** Reads what follows the type of a frame; null if the other end is gone. */
  public static @Nullable Frame readRest(int type, DataInputStream in) throws IOException {
    try {
      int length = in.readInt();
      if (length < 0 || length > MOST_BYTES) {
        throw new IOException("a frame has " + length + " bytes");
      }
      byte[] payload = new byte[length];
      in.readFully(payload);
      return new Frame(type, payload);
    } catch (EOFException e) {
      return null;
    }
  }

  /** Writes a frame, all of it at once. */
  public static void write(OutputStream out, int type, byte[] bytes, int offset, int length)
      throws IOException {
    byte[] whole = new byte[HEAD_BYTES + length];
    whole[0] = (byte) type;
    putInt(whole, 1, length);
    System.arraycopy(bytes, offset, whole, HEAD_BYTES, length);
    out.write(whole);
  }

  /** Writes a frame. */
  public static void write(OutputStream out, int type, byte[] payload) throws IOException {
    write(out, type, payload, 0, payload.length);
  }

  /** Writes a frame that is one number. */
  public static void write(OutputStream out, int type, int number) throws IOException {
    byte[] payload = new byte[4];
    putInt(payload, 0, number);
    write(out, type, payload);
  }

  /**
   * Returns the number that this frame is.
   *
   * @throws IOException if it is none
   */
  public int number() throws IOException {
    if (payload.length != 4) {
      throw new IOException("a number has " + payload.length + " bytes");
    }
    return (payload[0] & 0xff) << 24
        | (payload[1] & 0xff) << 16
        | (payload[2] & 0xff) << 8
        | (payload[3] & 0xff);
  }

  private static void putInt(byte[] to, int at, int number) {
    to[at] = (byte) (number >>> 24);
    to[at + 1] = (byte) (number >>> 16);
    to[at + 2] = (byte) (number >>> 8);
    to[at + 3] = (byte) number;
  }
}
