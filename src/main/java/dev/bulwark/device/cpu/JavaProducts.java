package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** The product where oneDNN can't be loaded: rows of c as sums of scaled rows of op(b), four at a time. */
final class JavaProducts implements Products {

    @Override
    public String name() {
        return "plain Java";
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, FloatBuffer a, int lda,
                         FloatBuffer b, int ldb, float beta, FloatBuffer c, int ldc) {
        float[][] rowsOfB = rows(b, ldb, k, n, transposeB);
        float[][] rowsOfA = rows(a, lda, m, k, transposeA);
        float[] sum = new float[n];
        for (int i = 0; i < m; ++i) {
            if (beta == 0f) {
                Arrays.fill(sum, 0f);
            } else {
                c.get(i * ldc, sum, 0, n);
                scale(sum, beta);
            }
            float[] x = rowsOfA[i];
            int p = 0;
            for (; p + 4 <= k; p += 4) {
                addFour(sum, x[p], rowsOfB[p], x[p + 1], rowsOfB[p + 1], x[p + 2], rowsOfB[p + 2], x[p + 3], rowsOfB[p + 3]);
            }
            for (; p < k; ++p) {
                addOne(sum, x[p], rowsOfB[p]);
            }
            c.put(i * ldc, sum, 0, n);
        }
    }

    /** op(x) as heap rows. */
    private static float[][] rows(FloatBuffer x, int stride, int rows, int columns, boolean transposed) {
        float[][] result = new float[rows][columns];
        if (!transposed) {
            for (int r = 0; r < rows; ++r) {
                x.get(r * stride, result[r], 0, columns);
            }
            return result;
        }
        float[] stored = new float[rows];
        for (int column = 0; column < columns; ++column) {
            x.get(column * stride, stored, 0, rows);
            for (int r = 0; r < rows; ++r) {
                result[r][column] = stored[r];
            }
        }
        return result;
    }

    private static void scale(float[] sum, float factor) {
        for (int j = 0; j < sum.length; ++j) {
            sum[j] *= factor;
        }
    }

    private static void addFour(float[] sum, float x0, float[] b0, float x1, float[] b1,
                                float x2, float[] b2, float x3, float[] b3) {
        for (int j = 0; j < sum.length; ++j) {
            sum[j] += x0 * b0[j] + x1 * b1[j] + (x2 * b2[j] + x3 * b3[j]);
        }
    }

    private static void addOne(float[] sum, float x, float[] b) {
        for (int j = 0; j < sum.length; ++j) {
            sum[j] += x * b[j];
        }
    }
}
