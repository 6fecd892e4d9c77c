package dev.bulwark.report;

import java.util.Map;
import java.util.stream.Collectors;

/** How text from data is written so that no format reads it as markup. */
enum Escape {

    HTML(Map.of('&', "&amp;", '<', "&lt;", '>', "&gt;", '"', "&quot;", '\'', "&#39;")),

    LATEX(Map.ofEntries(Map.entry('\\', "\\textbackslash{}"), Map.entry('{', "\\{"), Map.entry('}', "\\}"),
            Map.entry('$', "\\$"), Map.entry('&', "\\&"), Map.entry('#', "\\#"), Map.entry('%', "\\%"),
            Map.entry('_', "\\_"), Map.entry('^', "\\textasciicircum{}"), Map.entry('~', "\\textasciitilde{}"),
            Map.entry('<', "\\textless{}"), Map.entry('>', "\\textgreater{}"), Map.entry('"', "''"))),

    MARKDOWN(Map.of('\\', "\\\\", '|', "\\|", '<', "&lt;", '>', "&gt;", '&', "&amp;", '*', "\\*", '_', "\\_", '`', "\\`",
            '[', "\\[", ']', "\\]"));

    private final Map<Character, String> replacements;

    Escape(Map<Character, String> replacements) {
        this.replacements = replacements;
    }

    String apply(String text) {
        return text.chars().mapToObj(c -> replacements.getOrDefault((char) c, Character.toString(c)))
                .collect(Collectors.joining());
    }
}
