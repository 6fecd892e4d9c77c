package dev.bulwark.properties;

/** What is known of a property. */
public sealed interface Decision {

    /** As the verification competition calls it. */
    String word();

    /** No input of any box has unsafe outputs. */
    record Unsat() implements Decision {
        @Override
        public String word() {
            return "unsat";
        }
    }

    /** An input of a box has unsafe outputs. */
    record Sat(Witness witness) implements Decision {
        @Override
        public String word() {
            return "sat";
        }
    }

    /** Neither is shown. */
    record Unknown(String reason) implements Decision {
        @Override
        public String word() {
            return "unknown";
        }
    }

    /** The time was up before either was shown. */
    record Timeout() implements Decision {
        @Override
        public String word() {
            return "timeout";
        }
    }
}
