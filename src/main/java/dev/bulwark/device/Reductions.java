package dev.bulwark.device;

/** Sums of vectors and of matrices' columns. Their order depends on the sizes alone, and so do their bits. */
public interface Reductions {

    /** {@code sum[0] = beta sum[0] + sum of x}. */
    void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum);

    /** {@code sum[0] = beta sum[0] + sum of x^2}. */
    void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum);

    /** {@code sums[c] = beta sums[c] + sum over n of x[n,c]}; x {@code [rows,columns]}. */
    void columnSums(DeviceBuffer x, int rows, int columns, float beta, DeviceBuffer sums);
}
