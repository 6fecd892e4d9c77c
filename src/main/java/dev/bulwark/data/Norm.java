package dev.bulwark.data;

/** How far apart two inputs are. */
public enum Norm {
    /** The largest difference of an element. */
    INF("inf", "l-infinity"),
    /** The root of the sum of squares. */
    TWO("2", "l2"),
    /** The sum of absolute differences. */
    ONE("1", "l1");

    private final String text;
    private final String words;

    Norm(String text, String words) {
        this.text = text;
        this.words = words;
    }

    /** {@code l2}. */
    public String words() {
        return words;
    }

    /** As on the command line and in rows: {@code inf}, {@code 2}, {@code 1}. */
    @Override
    public String toString() {
        return text;
    }
}
