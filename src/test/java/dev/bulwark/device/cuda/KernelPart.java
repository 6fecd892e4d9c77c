package dev.bulwark.device.cuda;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The kernels that a run of the tests compiles anew. Compiling all of them takes minutes, and digests that are checked in
 * every run prove that the files are those that were compiled: so each run takes a part, drawn at random.
 * {@code -Dkernels=all} asks for all of them, as a release does; {@code -Dkernels=I/N} for a part that failed.
 *
 * @param index from 0
 */
record KernelPart(int index, int parts) {

    private static final int PARTS = 6;

    static KernelPart ofThisRun() {
        String asked = System.getProperty("kernels", "");
        if (asked.isEmpty()) {
            return new KernelPart(ThreadLocalRandom.current().nextInt(PARTS), PARTS);
        }
        if (asked.equals("all") || isRecorded()) {
            return new KernelPart(0, 1);
        }
        String[] numbers = asked.split("/");
        return new KernelPart(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    }

    /** Whether the run is to note what it found right of all kernels. */
    static boolean isRecorded() {
        return System.getProperty("kernels", "").equals("record");
    }

    boolean has(int item) {
        return item % parts == index;
    }

    @Override
    public String toString() {
        return index + "/" + parts;
    }
}
