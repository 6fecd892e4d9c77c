package dev.bulwark.bounds;

import java.util.function.BooleanSupplier;

/** What a search has taken, and when it must end. */
final class Effort {

    private final BooleanSupplier late;
    private final long most;
    private long domains;

    /**
     * @param late whether the time is up
     * @param most domains that may be bounded, tries included
     */
    Effort(BooleanSupplier late, long most) {
        this.late = late;
        this.most = most;
    }

    void add(int bounded) {
        domains += bounded;
    }

    /** Domains bounded so far. */
    long domains() {
        return domains;
    }

    long most() {
        return most;
    }

    boolean isLate() {
        return late.getAsBoolean();
    }

    /** Whether no more than a half may be left for what comes after. */
    boolean isHalfSpent() {
        return domains >= most / 2 || isLate();
    }

    boolean isSpent() {
        return domains >= most;
    }
}
