package dev.bulwark.settings;

/** A setting that messages name. */
public enum Setting {

    ALPHA("alpha"),
    BISECTIONS("bisections"),
    CEILING("ceiling"),
    DATA("data"),
    DATASET("dataset"),
    DEEP_IMAGES("deep images"),
    DEEP_N("deep n"),
    EPSILON("epsilon"),
    EXACT_BUDGET("exact budget"),
    EXACT_TIMEOUT("exact timeout"),
    FROM_SCRATCH("from scratch"),
    INDICES("indices"),
    KAPPAS("kappas"),
    LABELS("labels"),
    LIMIT("limit"),
    MEAN("mean"),
    METHOD("method"),
    MODELS("models"),
    N("n"),
    N0("n0"),
    NOISE("noise"),
    OUT("output"),
    OVERWRITE("overwrite"),
    RADIUS("radius"),
    REPEATS("repeats"),
    RESTARTS("restarts"),
    RESUME("resume"),
    SAMPLING("sampling"),
    SECONDS("seconds"),
    SIGMA("sigma"),
    SKIP("skip"),
    STD("std"),
    STEP_SIZE("step size"),
    STEPS("steps");

    private final String words;

    Setting(String words) {
        this.words = words;
    }

    /** What it is called where nothing else names it. */
    public String words() {
        return words;
    }

    /** A part of a message for where settings have names: {@code " with NAME"}, and nothing in plain words. */
    public Message.Hint with() {
        return new Message.Hint(this, "");
    }

    /** As {@link #with()}, followed by a value. */
    public Message.Hint with(String value) {
        return new Message.Hint(this, " " + value);
    }
}
