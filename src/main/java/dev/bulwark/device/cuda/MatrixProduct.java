package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.util.List;
import java.util.Optional;

/** One way to compute the matrix products of {@link dev.bulwark.device.Backend} on a GPU; m, n and rows are positive. */
interface MatrixProduct {

    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b, float beta,
                  DeviceBuffer c);

    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y);

    /**
     * A product whose result may be left in parts, for a kernel that reads every element anyway.
     *
     * @param a          op(a) {@code [m,k]}
     * @param b          op(b) {@code [k,n]}
     * @param c          {@code [m,n]}: where one part goes
     * @param magnitudes where |b| may be put, if |b| is to be taken for b; empty if b itself
     */
    record Factors(int m, int n, int k, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c, Optional<DeviceBuffer> magnitudes) {

        public Factors {
            a.require("a", (long) m * k);
            b.require("b", (long) k * n);
            c.require("c", (long) m * n);
            magnitudes.ifPresent(space -> space.require("magnitudes", (long) k * n));
        }

        static Factors of(int m, int n, int k, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c) {
            return new Factors(m, n, k, a, b, c, Optional.empty());
        }
    }

    /** {@code [parts,m,n]}, to be added up in their order; good until the next product. */
    record PartialSums(DeviceBuffer sums, int parts) {
    }

    /** op(a) op(b). */
    PartialSums sums(boolean transposeA, boolean transposeB, Factors factors);

    /** Two products, transposed alike, where possible in one launch; the first takes b itself. */
    List<PartialSums> sums(boolean transposeA, boolean transposeB, Factors first, Factors second);

    /**
     * All products of a layer's way back, where possible in one launch: {@code a^T b} for each of {@code parameters},
     * {@code a b} for each of {@code inputs}, one or two of either kind; of these only the second of the inputs may take
     * |b|. Empty, and nothing done, where their parts would not have room side by side.
     */
    Optional<List<PartialSums>> back(List<Factors> parameters, List<Factors> inputs);

    /** What computes, and in which precision, as provenance names it. */
    String description();
}
