package dev.bulwark.data;

/** A square grey image under a pen: 0 is paper, 1 is ink. Pixel (x, y) covers [x, x+1) x [y, y+1), y downwards. */
final class Canvas {

    private final int side;
    private double[] ink;

    Canvas(int side) {
        this.side = side;
        this.ink = new double[side * side];
    }

    /**
     * A straight stroke whose width changes evenly. Where strokes cross, the darker one shows: ink doesn't add up.
     *
     * @param startRadius half the stroke's width at its start, in pixels
     * @param endRadius   half the stroke's width at its end
     * @param edge        pixels over which ink fades to paper
     * @param darkness    ink in the middle of the stroke, 0 to 1
     */
    void line(double x0, double y0, double x1, double y1, double startRadius, double endRadius, double edge,
            double darkness) {
        double reach = Math.max(startRadius, endRadius) + edge / 2;
        double dx = x1 - x0;
        double dy = y1 - y0;
        double squaredLength = dx * dx + dy * dy;
        int left = clamp(Math.min(x0, x1) - reach);
        int right = clamp(Math.max(x0, x1) + reach);
        int top = clamp(Math.min(y0, y1) - reach);
        int bottom = clamp(Math.max(y0, y1) + reach);
        for (int row = top; row <= bottom; ++row) {
            for (int col = left; col <= right; ++col) {
                double px = col + 0.5 - x0;
                double py = row + 0.5 - y0;
                double along = squaredLength == 0 ? 0 : clip((px * dx + py * dy) / squaredLength);
                double ex = px - along * dx;
                double ey = py - along * dy;
                double radius = startRadius + along * (endRadius - startRadius);
                double cover = clip((radius + edge / 2 - Math.sqrt(ex * ex + ey * ey)) / edge);
                int at = row * side + col;
                ink[at] = Math.max(ink[at], darkness * cover);
            }
        }
    }

    /** Mixes each pixel with its 3 x 3 neighbourhood, weighted 1-2-1 both ways; beyond the border is paper. */
    void blur(double share) {
        double[] mixed = new double[ink.length];
        for (int row = 0; row < side; ++row) {
            for (int col = 0; col < side; ++col) {
                double near = (threeAcross(row - 1, col) + 2 * threeAcross(row, col) + threeAcross(row + 1, col)) / 16;
                mixed[row * side + col] = (1 - share) * ink[row * side + col] + share * near;
            }
        }
        ink = mixed;
    }

    /** Takes a random share of the ink, at most {@code most}, from each pixel that has any. */
    void fade(Draws draws, double most) {
        for (int k = 0; k < ink.length; ++k) {
            if (ink[k] > 0) {
                ink[k] *= 1 - draws.uniform(0, most);
            }
        }
    }

    /** Writes the pixels, 0 for paper to 255 for ink, row by row from {@code offset}. */
    void copyTo(byte[] pixels, int offset) {
        for (int k = 0; k < ink.length; ++k) {
            pixels[offset + k] = (byte) (int) (255 * clip(ink[k]) + 0.5);
        }
    }

    private double threeAcross(int row, int col) {
        if (row < 0 || row >= side) {
            return 0;
        }
        int at = row * side + col;
        return (col > 0 ? ink[at - 1] : 0) + 2 * ink[at] + (col < side - 1 ? ink[at + 1] : 0);
    }

    private int clamp(double position) {
        return (int) Math.max(0, Math.min(side - 1, Math.floor(position)));
    }

    private static double clip(double value) {
        return Math.max(0, Math.min(1, value));
    }
}
