package io.dragonfly.examples;

/** The command {@code dfget}. */
public final class DfgetMain {
  private DfgetMain() {}

  /** Runs the command. */
  public static void main(String[] args) {
    System.out.println("dfget: not there yet");
  }
}
