package dev.bulwark.cli;

import dev.bulwark.data.Epsilon;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads noise levels: decimals, or fractions as {@code 1/2}, of which the nearest double is taken and recorded. */
final class SigmaConverter implements ITypeConverter<Double> {

    @Override
    public Double convert(String text) {
        try {
            return text.contains("/") ? Epsilon.parse(text).nearest() : Double.valueOf(text.strip());
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("'" + text + "' is not a number such as 0.5 or 1/2");
        }
    }
}
