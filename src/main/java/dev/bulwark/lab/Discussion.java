package dev.bulwark.lab;

import java.util.List;

/**
 * A section of the report's analysis, in sentences made from what was measured.
 *
 * @param id       names the section within the page
 * @param prose    what was found, a paragraph each
 * @param findings what the lab report says, held against it
 */
record Discussion(String id, String title, List<String> prose, List<Finding> findings) {

    Discussion {
        prose = List.copyOf(prose);
        findings = List.copyOf(findings);
    }

    /** The same without what the lab report says, which is about MNIST. */
    Discussion withoutFindings() {
        return new Discussion(id, title, prose, List.of());
    }

    /** What these measurements say to a claim of the lab report's. */
    enum Verdict {
        AGREES("agrees"),
        /** In direction, not in size. */
        PARTLY("agrees in part"),
        DISAGREES("disagrees"),
        /** No measurement is needed to see it. */
        IMPOSSIBLE("impossible");

        final String text;

        Verdict(String text) {
            this.text = text;
        }

        static Verdict of(boolean agrees) {
            return agrees ? AGREES : DISAGREES;
        }
    }

    /**
     * @param claim    the lab report's, in its sense
     * @param evidence why it stands or falls
     */
    record Finding(String claim, Verdict verdict, String evidence) {
    }
}
