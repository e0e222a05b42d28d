package io.dragonfly.contract;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Source;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.SourceContract;
import java.net.URI;
import java.util.Arrays;
import java.util.Optional;

/** The contract over contents in memory. */
abstract class FakeSourceContract extends SourceContract {
  private final FakeSource fake = new FakeSource();
  private int published;

  @Override
  protected Source create() {
    return fake;
  }

  @Override
  protected URI publish(byte[] content) {
    URI uri = missing();
    fake.put(uri, content);
    return uri;
  }

  @Override
  protected void replace(URI uri, byte[] content) {
    fake.put(uri, content);
  }

  @Override
  protected URI missing() {
    return URI.create("fake://host/" + published++);
  }

  @Override
  protected Optional<URI> publishFor(String authorization, byte[] content) {
    URI uri = publish(content);
    fake.allow(uri, authorization);
    return Optional.of(uri);
  }

  @Override
  protected Optional<URI> publishCut(byte[] content, int end) {
    URI uri = publish(Arrays.copyOf(content, end));
    fake.announce(uri, content.length);
    return Optional.of(uri);
  }

  @Override
  protected Optional<URI> publishLonger(byte[] content, int announced) {
    URI uri = publish(content);
    fake.announce(uri, announced);
    return Optional.of(uri);
  }

  @Override
  protected Optional<URI> publishSilent(byte[] content, int end) {
    URI uri = publish(content);
    fake.stallAt(uri, end);
    return Optional.of(uri);
  }

  @Override
  protected Optional<URI> mute() {
    URI uri = publish(new byte[1]);
    fake.stallProbes(uri);
    return Optional.of(uri);
  }

  @Override
  protected Optional<URI> unreachable() {
    URI uri = publish(new byte[1]);
    fake.fail(uri, new SourceFailedException("host cannot be reached", null));
    return Optional.of(uri);
  }
}
