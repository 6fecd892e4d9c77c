package dev.bulwark.model.io.vnnlib;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A word, or a list of expressions in brackets.
 *
 * @param line on which it begins, from 1
 * @param word the word; empty of a list
 * @param parts of a list
 */
record Expression(int line, String word, List<Expression> parts) {

    /** No property needs more; what reads expressions calls itself once a level. */
    private static final int DEEPEST = 1000;

    boolean isWord() {
        return !word.isEmpty();
    }

    /** The word that a list begins with; empty where it begins with none. */
    String operator() {
        return parts.isEmpty() ? "" : parts.get(0).word;
    }

    /** What follows the operator. */
    List<Expression> operands() {
        return parts.subList(1, parts.size());
    }

    /** For a message. */
    String quoted() {
        return VnnLibException.quote(isWord() ? word : "(" + operator() + " ...)");
    }

    /** All expressions of a text, without its comments. */
    static List<Expression> all(String text) {
        Deque<Expression> open = new ArrayDeque<>();
        open.push(new Expression(1, "", new ArrayList<>()));
        int line = 1;
        int at = 0;
        while (at < text.length()) {
            char next = text.charAt(at);
            int end = at + 1;
            if (next == ';') {
                end = endOfLine(text, at);
            } else if (next == '(') {
                open.push(new Expression(line, "", new ArrayList<>()));
                if (open.size() > DEEPEST) {
                    throw VnnLibException.at(line, "brackets nest deeper than %d", DEEPEST);
                }
            } else if (next == ')') {
                Expression closed = open.pop();
                if (open.isEmpty()) {
                    throw VnnLibException.at(line, "a bracket is closed that none has opened");
                }
                open.peek().parts.add(closed);
            } else if (!Character.isWhitespace(next)) {
                end = endOfWord(text, at);
                open.peek().parts.add(new Expression(line, text.substring(at, end), List.of()));
            }
            line += next == '\n' ? 1 : 0;
            at = end;
        }
        if (open.size() > 1) {
            throw VnnLibException.at(open.peek().line, "a bracket is opened and never closed");
        }
        return open.peek().parts;
    }

    /** Lines end as any system ends them. */
    private static int endOfLine(String text, int from) {
        int end = from;
        while (end < text.length() && "\r\n".indexOf(text.charAt(end)) < 0) {
            ++end;
        }
        return end;
    }

    private static int endOfWord(String text, int from) {
        int end = from;
        while (end < text.length() && !Character.isWhitespace(text.charAt(end)) && "();".indexOf(text.charAt(end)) < 0) {
            ++end;
        }
        return end;
    }
}
