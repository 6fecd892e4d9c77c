package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;

/**
 * {@code y = W x} of a fixed number of rows, with W prepared once. A row's result depends on no other row and not on its
 * place. What it makes may be used by many threads at once, a lane by one at a time.
 */
interface PreparedProduct extends AutoCloseable {

    /** Memory for one worker; the caller closes it, before the product. */
    Lane lane();

    @Override
    default void close() {
        // Memory that the collector frees.
    }

    /** Memory that the product reads and writes. */
    interface Lane extends AutoCloseable {

        /** {@code [rows,inputs]}, row-major; rows that don't matter may hold anything. */
        FloatBuffer x();

        /** {@code [rows,outputs]}, row-major: the last {@link #run}'s. */
        FloatBuffer y();

        void run();

        @Override
        void close();
    }

    /** A lane on memory that the collector frees. */
    record Plain(FloatBuffer x, FloatBuffer y, Runnable product) implements Lane {

        @Override
        public void run() {
            product.run();
        }

        @Override
        public void close() {
            // Memory that the collector frees.
        }
    }
}
