package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.SchedulerProvider;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class PlannedSchedulerProviderTest {
  @Test
  void isFoundByItsName() {
    assertThat(ServiceLoader.load(SchedulerProvider.class))
        .filteredOn(provider -> provider.name().equals("planned"))
        .singleElement()
        .extracting(provider -> provider.create(() -> 0))
        .isInstanceOf(PlannedScheduler.class);
  }
}
