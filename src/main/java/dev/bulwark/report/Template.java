package dev.bulwark.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The files that pages are made of, with places like {@code {{title}}} to be filled. */
final class Template {

    private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

    private Template() {
    }

    /** A file that comes with this program. */
    static String read(String name) {
        try (InputStream in = Template.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the built-in " + name + " can't be read", e);
        }
    }

    /** Fills every place of a built-in file. What is filled in is not searched for places again. */
    static String fill(String name, Map<String, String> values) {
        return PLACE.matcher(read(name)).replaceAll(place -> {
            String value = values.get(place.group(1));
            if (value == null) {
                throw new IllegalArgumentException(name + " has the place " + place.group() + ", which nothing fills");
            }
            return Matcher.quoteReplacement(value);
        });
    }
}
