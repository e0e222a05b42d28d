package io.dragonfly.control;

/** Says that a {@link LeaveRequest} was understood. */
public record LeaveResponse() {}
