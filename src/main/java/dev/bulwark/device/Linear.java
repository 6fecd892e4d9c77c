package dev.bulwark.device;

/**
 * Matrix products and affine layers, rounded to nearest. Their factors may be in less than fp32 where the backend was opened
 * so ({@link Backend#unrounded}): nothing certified rests on them.
 */
public interface Linear {

    /**
     * {@code c = op(a) op(b) + beta c}, with op(a) {@code [m,k]}, op(b) {@code [k,n]}, c {@code [m,n]}.
     * A transposed operand is stored as {@code [k,m]} or {@code [n,k]}.
     */
    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k,
                  DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c);

    /**
     * {@code y = x W^T + b}, then {@code max(y, 0)} where {@code relu}; x {@code [rows,in]}, y {@code [rows,out]}. NaN stays
     * NaN, or an overflow would become a prediction.
     */
    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y);
}
