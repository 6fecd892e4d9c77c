package dev.bulwark.runs;

/** Where a run tells how far it is. */
public interface Monitor {

    /** Says nothing. */
    Monitor SILENT = new Monitor() {
        @Override
        public Stage stage(String name, long total, String unit) {
            return new Stage() {
                @Override
                public void advance(long steps) {
                    // There is no screen to show it.
                }

                @Override
                public void found(long steps) {
                    // There is no screen to show it.
                }

                @Override
                public void detail(String text) {
                    // There is no screen to show it.
                }

                @Override
                public void close() {
                    // Nothing was opened.
                }
            };
        }

        @Override
        public void note(String line) {
            // There is no screen to show it.
        }
    };

    /**
     * A part of the run that takes a while.
     *
     * @param total how many steps it has, counted in {@code unit}
     */
    Stage stage(String name, long total, String unit);

    /** One line that stays. */
    void note(String line);

    /** A part under way; closed when it ends, well or badly. */
    interface Stage extends AutoCloseable {
        void advance(long steps);

        /** Steps that an earlier start had done: they count, and say nothing of how fast this one is. */
        void found(long steps);

        /** A few words beside the count, replaced by the next ones. */
        void detail(String text);

        @Override
        void close();
    }
}
