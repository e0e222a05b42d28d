package io.dragonfly.examples;

/** The command {@code quickstart}. */
public final class QuickstartMain {
  private QuickstartMain() {}

  /** Runs the command. */
  public static void main(String[] args) {
    System.out.println("quickstart: not there yet");
  }
}
