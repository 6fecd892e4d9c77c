package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;

/** Levels of an image to look at, in 256 steps between two intensities; no certificate rests on them. */
public final class Picture {

    private static final int STEPS = 255;

    private final double black;
    private final double white;
    private final byte[] levels;

    /**
     * @param black  intensity of level 0
     * @param white  intensity of level 255
     * @param levels {@code [channels * height * width]}, unsigned
     */
    @JsonCreator
    Picture(@JsonProperty("black") double black, @JsonProperty("white") double white,
            @JsonProperty("levels") byte[] levels) {
        Require.that(Double.isFinite(black) && Double.isFinite(white) && black < white,
                "a picture's black must lie below its white: " + black + ", " + white);
        this.black = black;
        this.white = white;
        this.levels = levels.clone();
    }

    /** Intensities beyond the two ends are shown as the ends. */
    public static Picture of(float[] pixels, double black, double white) {
        byte[] levels = new byte[pixels.length];
        for (int k = 0; k < pixels.length; ++k) {
            double level = (pixels[k] - black) / (white - black) * STEPS;
            levels[k] = (byte) Math.round(Math.max(0, Math.min(STEPS, level)));
        }
        return new Picture(black, white, levels);
    }

    @JsonProperty("black")
    public double black() {
        return black;
    }

    @JsonProperty("white")
    public double white() {
        return white;
    }

    /** {@code [channels * height * width]}, unsigned. */
    @JsonProperty("levels")
    public byte[] levels() {
        return levels.clone();
    }
}
