package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SmoothingRow;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;

/** Figures as they stand in sentences. */
public final class Phrase {

    private Phrase() {
    }

    public static String percent(Share share) {
        return share.percent(1) + "%";
    }

    /** A share with its 95% interval. */
    public static String precisely(Share share) {
        return percent(share) + " (95% interval " + share.lowerPercent(1) + " to " + share.upperPercent(1) + ")";
    }

    public static String points(BigDecimal difference) {
        return difference.toPlainString().replace('-', '\u2212')
                + (difference.abs().compareTo(BigDecimal.ONE) == 0 ? " point" : " points");
    }

    public static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    public static String images(long number) {
        return count(number) + (number == 1 ? " image" : " images");
    }

    public static String sigma(double sigma) {
        return "\u03c3\u00a0=\u00a0" + RunLayout.decimals(sigma);
    }

    public static String epsilon(double epsilon) {
        return "\u03b5\u00a0=\u00a0" + RunLayout.decimals(epsilon);
    }

    public static String at(double radius) {
        return "r\u00a0=\u00a0" + RunLayout.decimals(radius);
    }

    public static String and(List<String> parts) {
        int last = parts.size() - 1;
        return last <= 0 ? String.join("", parts) : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
    }

    static String capital(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /** Whether a stated figure lies in the 95% interval of a measured one. */
    public static boolean within(Share share, BigDecimal stated) {
        return stated.compareTo(share.lowerPercent(1)) >= 0 && stated.compareTo(share.upperPercent(1)) <= 0;
    }

    /** A radius to four decimals, rounded down like every certified quantity. */
    public static String radius(double radius) {
        return SmoothingRow.roundDown(radius).setScale(4, RoundingMode.DOWN).toPlainString();
    }
}
