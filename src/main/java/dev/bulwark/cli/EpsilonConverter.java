package dev.bulwark.cli;

import dev.bulwark.data.Epsilon;
import java.io.PrintWriter;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the radii of the command line, and remarks on those that are probably a slip. */
final class EpsilonConverter implements ITypeConverter<Epsilon> {

    @Override
    public Epsilon convert(String text) {
        try {
            return Epsilon.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** Inputs lie in [0, 1], so that a radius above 1 holds them all: a line says so. */
    static void warnOfLarge(Epsilon epsilon, PrintWriter err) {
        if (epsilon.upper() > 1) {
            err.println("bulwark: --epsilon " + epsilon + " is more than 1, and inputs lie in [0, 1]: was " + epsilon
                    + "/255 meant?");
            err.flush();
        }
    }
}
