package io.dragonfly.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.dragonfly.spi.Transport;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.TransportContract;
import io.dragonfly.testkit.TransportControlContract;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each method of {@link TransportContract} finds the defect that it is there for. */
class TransportContractBitesTest {
  private static Defect current = Defect.NONE;

  /** The contract against a transport with the {@link #current} defect. */
  static class Case extends TransportContract {
    private final FakeNetwork network = new FakeNetwork();
    private final List<FakeTransport> made = new ArrayList<>();

    @Override
    protected Transport create() {
      FakeTransport right = new FakeTransport(network);
      made.add(right);
      return new BrokenTransport(right, current);
    }

    @Override
    protected Duration limit() {
      return Duration.ofSeconds(1);
    }

    @AfterEach
    void closeWhatTheDefectLeftOpen() {
      made.forEach(FakeTransport::close);
    }
  }

  @ParameterizedTest
  @MethodSource("defects")
  void eachDefectIsFound(Defect defect, String method) {
    current = defect;
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(Case.class, method))
        .execute()
        .testEvents()
        .assertStatistics(events -> events.started(1).failed(1));
  }

  @Test
  void eachMethodHasADefectToFind() {
    Set<String> methods =
        Stream.of(TransportContract.class, TransportControlContract.class)
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .filter(method -> method.isAnnotationPresent(Test.class))
            .map(Method::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> found =
        Arrays.stream(Defect.values())
            .flatMap(defect -> defect.foundBy().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(found).isEqualTo(methods);
  }

  static Stream<Arguments> defects() {
    return Arrays.stream(Defect.values())
        .flatMap(defect -> defect.foundBy().stream().map(m -> Arguments.of(defect, m)));
  }
}
