package dev.bulwark.results;

import java.util.Locale;

/** How files and the command line spell the constants of an enum: {@code alpha-crown}, {@code cross-entropy}. */
public final class Words {

    private Words() {
    }

    public static String of(Enum<?> constant) {
        return of(constant.name());
    }

    static String of(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
