package io.dragonfly.examples;

/** The command {@code supernode}. */
public final class SupernodeMain {
  private SupernodeMain() {}

  /** Runs the command. */
  public static void main(String[] args) {
    System.out.println("supernode: not there yet");
  }
}
