package dev.bulwark.settings;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** A line for users that names settings, each as whoever prints it calls them. */
public final class Message {

    private final List<Object> parts;

    private Message(List<Object> parts) {
        this.parts = parts;
    }

    /**
     * How a setting is given, for those who can look its name up.
     *
     * @param value what follows the name
     */
    public record Hint(Setting setting, String value) {

        private String text(Optional<String> name) {
            return name.map(known -> " with " + known + value).orElse("");
        }
    }

    /**
     * A line of parts, without anything between them.
     *
     * @param parts a {@link Setting}, which shows as its name, a {@link Hint}, another message, or anything else, which
     *              shows as its text
     */
    public static Message of(Object... parts) {
        return new Message(Arrays.stream(parts).flatMap(part -> part instanceof Message message ? message.parts.stream()
                : Stream.of(part instanceof Setting || part instanceof Hint ? part : String.valueOf(part))).toList());
    }

    /** The line with settings under these names. */
    public String named(Function<Setting, String> names) {
        return text(setting -> Optional.of(names.apply(setting)));
    }

    /** The line in plain words. */
    @Override
    public String toString() {
        return text(setting -> Optional.empty());
    }

    private String text(Function<Setting, Optional<String>> names) {
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            if (part instanceof Setting setting) {
                text.append(names.apply(setting).orElse(setting.words()));
            } else if (part instanceof Hint hint) {
                text.append(hint.text(names.apply(hint.setting)));
            } else {
                text.append(part);
            }
        }
        return text.toString();
    }

    /** A failure whose message names settings. {@link Throwable#getMessage} has it in plain words. */
    public interface Carrier {

        Message explanation();
    }
}
