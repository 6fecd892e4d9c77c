package dev.bulwark.device.cpu;

/** One worker's own memory and primitives for forward passes of a fixed number of noisy inputs. */
interface ForwardLane extends AutoCloseable {

    /** Sets row {@code row} of the inputs to {@code x + sigma z}, in this lane's input format; all heap arrays. */
    void setInput(int row, float[] x, float[] z, float sigma);

    /** Runs all rows. */
    void run();

    /** Copies the logits of the last {@link #run} to {@code target}, {@code [rows,classes]}. */
    void logits(float[] target);

    @Override
    void close();
}
