package io.dragonfly.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** An image with layers of random bytes, small enough for memory, that each engine takes. */
final class TestImage {
  private static final String OCI = "application/vnd.oci.image.";
  private static final int BLOCK = 512;

  private final List<byte[]> layers = new ArrayList<>();
  private final byte[] config;
  private final byte[] manifest;

  /** An image of so many layers, each of so many bytes; other seeds give other bytes. */
  TestImage(int count, int bytes, long seed) throws Exception {
    for (int i = 0; i < count; i++) {
      layers.add(layer("file" + i, bytes, seed * 100 + i));
    }
    List<String> diffs = new ArrayList<>();
    List<String> descriptors = new ArrayList<>();
    for (byte[] layer : layers) {
      diffs.add('"' + digest(layer) + '"');
      descriptors.add(descriptor("layer.v1.tar", layer));
    }
    config =
        """
        {"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}"""
            .formatted(String.join(",", diffs))
            .getBytes(UTF_8);
    manifest =
        """
        {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}"""
            .formatted(
                manifestType(),
                descriptor("config.v1+json", config),
                descriptors.stream().collect(Collectors.joining(",")))
            .getBytes(UTF_8);
  }

  private static String descriptor(String type, byte[] content) throws Exception {
    return "{\"mediaType\":\"%s%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(OCI, type, digest(content), content.length);
  }

  /** A tar archive with one file. */
  private static byte[] layer(String name, int bytes, long seed) {
    byte[] content = new byte[bytes];
    new SplittableRandom(seed).nextBytes(content);
    byte[] header = new byte[BLOCK];
    put(header, 0, name);
    put(header, 100, "0000644\0");
    put(header, 108, "0000000\0");
    put(header, 116, "0000000\0");
    put(header, 124, "%011o\0".formatted(bytes));
    put(header, 136, "00000000000\0");
    put(header, 148, "        ");
    header[156] = '0';
    put(header, 257, "ustar\0" + "00");
    int sum = 0;
    for (byte one : header) {
      sum += one & 0xff;
    }
    put(header, 148, "%06o\0 ".formatted(sum));
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    tar.writeBytes(header);
    tar.writeBytes(content);
    tar.writeBytes(new byte[(BLOCK - bytes % BLOCK) % BLOCK + 2 * BLOCK]);
    return tar.toByteArray();
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  static String digest(byte[] content) throws Exception {
    return "sha256:"
        + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }

  static String manifestType() {
    return OCI + "manifest.v1+json";
  }

  /** Returns the layers and the configuration. */
  List<byte[]> blobs() {
    List<byte[]> blobs = new ArrayList<>(layers);
    blobs.add(config);
    return blobs;
  }

  byte[] manifest() {
    return manifest;
  }
}
