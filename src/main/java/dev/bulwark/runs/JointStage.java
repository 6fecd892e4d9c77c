package dev.bulwark.runs;

/**
 * One stage for what advances side by side: the parts' steps add up, and the words beside the count name the part that
 * they are of. May be used by several threads.
 */
final class JointStage implements Monitor, AutoCloseable {

    private final Monitor monitor;
    private final Stage whole;

    /** @param total steps of all parts */
    JointStage(Monitor monitor, String name, long total, String unit) {
        this.monitor = monitor;
        this.whole = monitor.stage(name, total, unit);
    }

    /** A part; its steps are counted already. */
    @Override
    public Stage stage(String name, long total, String unit) {
        return new Stage() {
            @Override
            public void advance(long steps) {
                synchronized (JointStage.this) {
                    whole.advance(steps);
                }
            }

            @Override
            public void found(long steps) {
                synchronized (JointStage.this) {
                    whole.found(steps);
                }
            }

            @Override
            public void detail(String text) {
                synchronized (JointStage.this) {
                    whole.detail(name + ": " + text);
                }
            }

            @Override
            public void close() {
                // The others go on.
            }
        };
    }

    @Override
    public synchronized void note(String line) {
        monitor.note(line);
    }

    @Override
    public synchronized void close() {
        whole.close();
    }
}
