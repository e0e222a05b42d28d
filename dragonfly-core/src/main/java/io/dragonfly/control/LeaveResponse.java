package io.dragonfly.control;

/** Confirms a {@link LeaveRequest}. */
public record LeaveResponse() {}
