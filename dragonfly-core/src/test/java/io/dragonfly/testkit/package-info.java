/**
 * Fakes and SPI contracts for those who write an implementation of their own, and the rules that
 * each module of the project is held to. Uses the exported API only.
 */
@NullMarked
package io.dragonfly.testkit;

import org.jspecify.annotations.NullMarked;
