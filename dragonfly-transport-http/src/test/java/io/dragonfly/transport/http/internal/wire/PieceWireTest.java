package io.dragonfly.transport.http.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PieceWireTest {
  private static final TaskId TASK = new TaskId("ab".repeat(32));

  @Test
  void pathsAndRangesComeBackAsTheyWere() throws WireException {
    ByteRange range = ByteRange.of(0, 1);
    assertThat(PieceWire.task(PieceWire.path(TASK))).contains(TASK);
    assertThat(PieceWire.range(range)).isEqualTo("bytes=0-0");
    assertThat(PieceWire.parseRange("bytes=0-0")).isEqualTo(range);
    for (OptionalLong total : new OptionalLong[] {OptionalLong.of(1), OptionalLong.empty()}) {
      PieceWire.ContentRange content = new PieceWire.ContentRange(range, total);
      assertThat(PieceWire.parseContentRange(content.toString())).isEqualTo(content);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v2/tasks//data",
        "/api/v2/tasks/data",
        "/api/v2/tasks/../../etc/passwd/data",
        "/api/v2/tasks/ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB/data",
        "/api/v2/tasks/abababababababababababababababababababababababababababababababab/data/",
        "/api/v2/tasks/abababababababababababababababababababababababababababababababab/data?x",
        "/",
        ""
      })
  void otherPathsNameNoTask(String path) {
    assertThat(PieceWire.task(path)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes",
        "bytes=",
        "bytes=1-",
        "bytes=-1",
        "bytes=2-1",
        "bytes=0-0,2-3",
        "bytes=0-9999999999999999999",
        "bytes= 0-1",
        "bytes=+0-1",
        "bytes=0x0-1",
        "lines=0-1",
        "bytes=0-1 ",
        "bytes=\u0661-\u0662"
      })
  void otherRangesAreRefused(String range) {
    assertThatThrownBy(() -> PieceWire.parseRange(range)).isInstanceOf(WireException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes 0-1",
        "bytes 0-1/1",
        "bytes 1-0/5",
        "bytes */5",
        "bytes=0-1/5",
        "bytes 0-1/-5",
        "bytes 0-1/**"
      })
  void otherContentRangesAreRefused(String range) {
    assertThatThrownBy(() -> PieceWire.parseContentRange(range)).isInstanceOf(WireException.class);
  }
}
