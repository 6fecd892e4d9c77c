package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** A prepared product whose sums are made in runs, as {@link FloatRuns} makes them: one product for each run of columns of W. */
final class PreparedRuns implements PreparedProduct {

    private final int rows;
    private final int out;
    private final int in;
    private final List<PreparedProduct> runs = new ArrayList<>();

    private PreparedRuns(int rows, int out, int in) {
        this.rows = rows;
        this.out = out;
        this.in = in;
    }

    /** As {@link Products#prepare}; no product goes through more than {@link FloatRuns#roundings} of {@code in} roundings. */
    static PreparedProduct of(Products products, int rows, int out, int in, float[] weight) {
        if (in <= FloatRuns.LENGTH) {
            return products.prepare(rows, out, in, weight);
        }
        PreparedRuns all = new PreparedRuns(rows, out, in);
        try {
            for (int from = 0; from < in; from += FloatRuns.LENGTH) {
                int length = Math.min(FloatRuns.LENGTH, in - from);
                float[] columns = new float[out * length];
                for (int o = 0; o < out; ++o) {
                    System.arraycopy(weight, o * in + from, columns, o * length, length);
                }
                all.runs.add(products.prepare(rows, out, length, columns));
            }
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
        return all;
    }

    @Override
    public PreparedProduct.Lane lane() {
        return new Lane();
    }

    @Override
    public void close() {
        runs.forEach(PreparedProduct::close);
    }

    private final class Lane implements PreparedProduct.Lane {

        private final FloatBuffer x = CpuMemory.scratch(rows * in);
        private final FloatBuffer y = CpuMemory.scratch(rows * out);
        private final List<PreparedProduct.Lane> lanes = runs.stream().map(PreparedProduct::lane).toList();
        private final float[] row = new float[in];
        private final float[] sums = new float[out];
        private final float[] sum = new float[out];

        @Override
        public FloatBuffer x() {
            return x;
        }

        @Override
        public FloatBuffer y() {
            return y;
        }

        @Override
        public void run() {
            for (int r = 0; r < rows; ++r) {
                x.get(r * in, row);
                for (int k = 0; k < lanes.size(); ++k) {
                    int from = k * FloatRuns.LENGTH;
                    int length = Math.min(FloatRuns.LENGTH, in - from);
                    lanes.get(k).x().put(r * length, row, from, length);
                }
            }
            lanes.forEach(PreparedProduct.Lane::run);
            for (int r = 0; r < rows; ++r) {
                lanes.get(0).y().get(r * out, sums);
                for (PreparedProduct.Lane lane : lanes.subList(1, lanes.size())) {
                    lane.y().get(r * out, sum);
                    for (int o = 0; o < out; ++o) {
                        sums[o] += sum[o];
                    }
                }
                y.put(r * out, sums);
            }
        }

        @Override
        public void close() {
            lanes.forEach(PreparedProduct.Lane::close);
        }
    }
}
