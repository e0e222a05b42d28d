package io.dragonfly.contract;

/** {@link io.dragonfly.testkit.FakeSource} keeps the contract of every source. */
class FakeSourceContractTest extends FakeSourceContract {}
