package dev.bulwark.cli;

import dev.bulwark.attack.AttackKind;
import dev.bulwark.data.Norm;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.results.Words;
import dev.bulwark.stats.Sampling;
import dev.bulwark.training.NamedArchitecture;
import dev.bulwark.training.Preset;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;
import picocli.CommandLine;

/** What words of the command line mean, and what is said of those that mean nothing: in the user's words, not Java's. */
final class Spelling {

    private static final Pattern UNKNOWN_TO_HELP = Pattern.compile("Unknown subcommand '(.*)'.*");

    private Spelling() {
    }

    /** Has {@code line} and its commands read numbers and choices so. */
    static void teach(CommandLine line) {
        for (Class<?> type : List.of(Double.class, double.class)) {
            number(line, type, Double::valueOf, "a number");
        }
        for (Class<?> type : List.of(Integer.class, int.class)) {
            number(line, type, Integer::valueOf, "a whole number");
        }
        for (Class<?> type : List.of(Long.class, long.class)) {
            number(line, type, Long::valueOf, "a whole number");
        }
        choice(line, AttackOptions.Loss.class);
        choice(line, AttackKind.class);
        choice(line, DataOptions.Name.class);
        choice(line, NoiseLaw.class);
        choice(line, NoisyKernels.class);
        choice(line, Norm.class, Norm::toString);
        choice(line, NamedArchitecture.class);
        choice(line, Preset.class);
        choice(line, ReproduceCommand.Effort.class);
        choice(line, Sampling.class);
        choice(line, NoisyClassifier.Precision.class, NoisyClassifier.Precision::toString, RoundingDeviceOptions.AUTO);
        choice(line, ProductPrecision.class, precision -> precision.toString().toLowerCase(Locale.ROOT));
    }

    @SuppressWarnings("unchecked") // int.class and Integer.class are both of type Integer
    private static <N> void number(CommandLine line, Class<?> type, Function<String, N> parse, String what) {
        line.registerConverter((Class<N>) type, text -> {
            try {
                return parse.apply(text.strip());
            } catch (NumberFormatException e) {
                boolean whole = text.strip().matches("[+-]?\\d+");
                throw new TypeConversionException("'" + text + "' is " + (whole ? "out of range" : "not " + what));
            }
        });
    }

    private static <E extends Enum<E>> void choice(CommandLine line, Class<E> type) {
        choice(line, type, Words::of);
    }

    /** @param none words that leave the choice to the program, for which there is no constant */
    private static <E extends Enum<E>> void choice(CommandLine line, Class<E> type, Function<E, String> word, String... none) {
        Map<String, E> choices = new LinkedHashMap<>();
        List.of(none).forEach(open -> choices.put(open, null));
        List.of(type.getEnumConstants()).forEach(choice -> choices.put(word.apply(choice), choice));
        line.registerConverter(type, text -> choices.entrySet().stream()
                .filter(choice -> text.replace('_', '-').equalsIgnoreCase(choice.getKey())).findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of " + String.join(", ", choices.keySet())))
                .getValue());
    }

    /** What is wrong with a command line, without a full stop. */
    static String complaint(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        String message = failure.getMessage().lines().findFirst().orElse("");
        Matcher help = UNKNOWN_TO_HELP.matcher(message);
        if (help.matches()) {
            return unknown("command", help.group(1), root(command).getSubcommands().keySet());
        }
        if (failure instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
            String word = unmatched.getUnmatched().get(0);
            if (word.startsWith("-")) {
                String complaint = unknown("option", word, command.getCommandSpec().optionsMap().keySet());
                return complaint.contains(": was ") ? complaint : complaint + takers(command, word);
            }
            if (!command.getSubcommands().isEmpty()) {
                return unknown("command", word, command.getSubcommands().keySet());
            }
        }
        return message.replaceFirst("[.?!]+$", "");
    }

    /** Which other commands take an option. */
    private static String takers(CommandLine command, String option) {
        String name = option.replaceFirst("=.*", "");
        String takers = root(command).getSubcommands().values().stream()
                .filter(other -> other.getCommandSpec().optionsMap().containsKey(name))
                .map(CommandLine::getCommandName).distinct().collect(Collectors.joining(", "));
        return takers.isEmpty() ? "" : ": it is one of " + takers;
    }

    private static CommandLine root(CommandLine command) {
        return command.getParent() == null ? command : root(command.getParent());
    }

    private static String unknown(String what, String word, Collection<String> known) {
        return "unknown " + what + " '" + word + "'" + nearest(word, known).map(other -> ": was " + other + " meant")
                .orElse(what.equals("command") ? ": there are " + String.join(", ", known) : "");
    }

    /** The word that the fewest letters tell from this one, if those are at most a third of them. */
    static Optional<String> nearest(String word, Collection<String> known) {
        return known.stream().filter(other -> other.length() > 2)
                .filter(other -> distance(word, other) <= Math.max(1, other.length() / 3))
                .min(Comparator.comparingInt(other -> distance(word, other)));
    }

    /** Letters to insert, drop or replace (Levenshtein). */
    private static int distance(String a, String b) {
        int[] above = new int[b.length() + 1];
        Arrays.setAll(above, j -> j);
        for (int i = 1; i <= a.length(); ++i) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); ++j) {
                int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[b.length()];
    }
}
