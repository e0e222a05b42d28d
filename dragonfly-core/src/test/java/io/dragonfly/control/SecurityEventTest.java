package io.dragonfly.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecurityEventTest {
  @ParameterizedTest
  @CsvSource({
    "https://user:secret@host:8443/a/b?sig=secret#secret, https://host:8443/a/b",
    "http://secret@host, http://host",
    "http://host/@scope/pkg?token=secret, http://host/@scope/pkg",
    "/api/v2/admin/tasks?token=secret, /api/v2/admin/tasks",
    "/a@b//c, /a@b//c",
    "//user:secret@host/a, //host/a",
    "user:sec/ret@host:5000, host:5000",
    "host:443, host:443",
    "*, *",
    "'', ''"
  })
  void aPlaceHasNoUserInfoQueryOrFragment(String uri, String place) {
    assertThat(SecurityEvent.place(uri)).isEqualTo(place);
  }

  @Test
  void textsAreCutAndHaveNoControlCharacters() {
    SecurityEvent event =
        SecurityEvent.refused(
            SecurityEvent.Kind.HOST_REFUSED, "a\r\nb\u0000\u001b[31m", "", "x".repeat(5000), "\t");

    assertThat(event.who()).isEqualTo("a  b  [31m");
    assertThat(event.what())
        .hasSize(SecurityEvent.MOST_CHARACTERS)
        .startsWith("xxx")
        .endsWith("...");
    assertThat(event.reason()).isEqualTo(" ");
    assertThat(event.result()).isEqualTo(SecurityEvent.Result.REFUSED);
  }
}
