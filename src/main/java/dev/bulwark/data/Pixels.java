package dev.bulwark.data;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/** The elements of images, one image behind the other, as their file has them: bytes or floats. Never written to. */
sealed interface Pixels {

    int length();

    /** Elements {@code from} to {@code from + count - 1}, into the start of {@code out}. */
    void read(int from, int count, float[] out);

    /** Blocks of {@code size} elements, one behind the other; block k starts at element {@code size blocks[k]}. */
    Pixels pick(int size, int[] blocks);

    /** Elements {@code from} (inclusive) to {@code to} (exclusive). */
    Pixels range(int from, int to);

    /** What an element stands for. */
    Ball.Centre centre();

    /** What IDX files call this type of element. */
    int idxType();

    /** Adds all elements to a digest, as an IDX file has them. */
    void addTo(MessageDigest digest);

    /** {@code k} stands for k / 255 and is handed out as the nearest float. */
    record Bytes(byte[] values) implements Pixels {

        private static final float[] INTENSITY = intensities();

        @Override
        public int length() {
            return values.length;
        }

        @Override
        public void read(int from, int count, float[] out) {
            for (int k = 0; k < count; ++k) {
                out[k] = INTENSITY[values[from + k] & 0xFF];
            }
        }

        @Override
        public Pixels pick(int size, int[] blocks) {
            byte[] picked = new byte[Math.multiplyExact(blocks.length, size)];
            for (int k = 0; k < blocks.length; ++k) {
                System.arraycopy(values, blocks[k] * size, picked, k * size, size);
            }
            return new Bytes(picked);
        }

        @Override
        public Pixels range(int from, int to) {
            return new Bytes(Arrays.copyOfRange(values, from, to));
        }

        @Override
        public Ball.Centre centre() {
            return Ball.Centre.BYTE;
        }

        @Override
        public int idxType() {
            return IdxFile.UNSIGNED_BYTE;
        }

        @Override
        public void addTo(MessageDigest digest) {
            digest.update(values);
        }

        /** The float that byte {@code value} is handed out as: the nearest to {@code value / 255}. */
        static float intensity(int value) {
            return INTENSITY[value];
        }

        private static float[] intensities() {
            float[] table = new float[256];
            for (int value = 0; value < table.length; ++value) {
                table[value] = value / 255f;
            }
            return table;
        }
    }

    /** Floats in [0, 1], which stand for themselves. */
    record Floats(float[] values) implements Pixels {

        private static final int CHUNK = 1 << 14;

        @Override
        public int length() {
            return values.length;
        }

        @Override
        public void read(int from, int count, float[] out) {
            System.arraycopy(values, from, out, 0, count);
        }

        @Override
        public Pixels pick(int size, int[] blocks) {
            float[] picked = new float[Math.multiplyExact(blocks.length, size)];
            for (int k = 0; k < blocks.length; ++k) {
                System.arraycopy(values, blocks[k] * size, picked, k * size, size);
            }
            return new Floats(picked);
        }

        @Override
        public Pixels range(int from, int to) {
            return new Floats(Arrays.copyOfRange(values, from, to));
        }

        @Override
        public Ball.Centre centre() {
            return Ball.Centre.FLOAT;
        }

        @Override
        public int idxType() {
            return IdxFile.FLOAT;
        }

        @Override
        public void addTo(MessageDigest digest) {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK * Float.BYTES);
            for (int from = 0; from < values.length; from += CHUNK) {
                int count = Math.min(CHUNK, values.length - from);
                chunk.clear();
                chunk.asFloatBuffer().put(values, from, count);
                digest.update(chunk.limit(count * Float.BYTES));
            }
        }
    }
}
