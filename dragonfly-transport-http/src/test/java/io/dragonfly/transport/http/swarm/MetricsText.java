package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of metrics, read by the rules of Prometheus's text format, version 0.0.4. */
final class MetricsText {
  private static final Pattern HELP = Pattern.compile("# HELP ([a-zA-Z_:][\\w:]*) \\S.*");
  private static final Pattern TYPE =
      Pattern.compile("# TYPE ([a-zA-Z_:][\\w:]*) (counter|gauge|histogram|summary|untyped)");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-zA-Z_:][\\w:]*)"
              + "(\\{(?:[a-zA-Z_]\\w*=\"(?:[^\"\\\\\n]|\\\\.)*\",?)*})?"
              + " (\\+Inf|-Inf|NaN|[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)");

  private final Map<String, Double> samples = new LinkedHashMap<>();
  private final Map<String, String> types = new LinkedHashMap<>();

  private MetricsText() {}

  /** Reads a page; fails where it breaks a rule. */
  static MetricsText parse(String page) {
    assertThat(page).endsWith("\n").doesNotContain("\r", "\n\n");
    MetricsText text = new MetricsText();
    Set<String> helped = new HashSet<>();
    String family = "";
    for (String line : page.split("\n")) {
      Matcher help = HELP.matcher(line);
      Matcher type = TYPE.matcher(line);
      if (help.matches()) {
        assertThat(helped.add(help.group(1))).as("one help: " + line).isTrue();
      } else if (type.matches()) {
        family = type.group(1);
        assertThat(helped).as("help comes first").contains(family);
        assertThat(text.types.put(family, type.group(2))).as("one type: " + line).isNull();
      } else {
        text.sample(line, family);
      }
    }
    return text;
  }

  private void sample(String line, String family) {
    Matcher sample = SAMPLE.matcher(line);
    assertThat(sample.matches()).as(line).isTrue();
    String type = types.getOrDefault(family, "none");
    String name = sample.group(1);
    if (type.equals("histogram")) {
      assertThat(name).matches(family + "_(bucket|sum|count)");
    } else {
      assertThat(name).as("samples stand together").isEqualTo(family);
    }
    assertThat(type.equals("counter")).as(line).isEqualTo(name.endsWith("_total"));
    String labels = sample.group(2) == null ? "" : sample.group(2);
    double value = Double.parseDouble(sample.group(3).replace("Inf", "Infinity"));
    assertThat(samples.put(name + labels, value)).as("one sample: " + line).isNull();
  }

  /** Returns a sample by name and labels as they stand in the text. */
  long get(String sample) {
    assertThat(samples).containsKey(sample);
    return Math.round(samples.get(sample));
  }

  /** Returns the names of all labels. */
  Set<String> labels() {
    Set<String> names = new HashSet<>();
    samples
        .keySet()
        .forEach(
            sample -> {
              Matcher label = Pattern.compile("(\\w+)=\"").matcher(sample);
              while (label.find()) {
                names.add(label.group(1));
              }
            });
    return names;
  }

  /** Fails if a counter is smaller than before, or gone. */
  void follows(MetricsText before) {
    before.samples.forEach(
        (sample, value) -> {
          String type = types.getOrDefault(sample.replaceAll("\\{.*", ""), "histogram");
          if (!type.equals("gauge")) {
            assertThat(samples.get(sample)).as(sample).isGreaterThanOrEqualTo(value);
          }
        });
  }
}
