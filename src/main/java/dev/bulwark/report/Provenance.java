package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Where the figures come from: command, seed, machine, digests, and where the time went. */
final class Provenance {

    private static final List<String> SIMPLE = List.of("command", "seed", "started", "finished", "devices");

    private final JsonNode run;

    /** @param run {@code run.json}, of which any part may be missing */
    Provenance(JsonNode run) {
        this.run = run;
    }

    /** One line below the title. */
    String byline() {
        List<String> parts = new ArrayList<>();
        device().ifPresent(parts::add);
        if (run.hasNonNull("seed")) {
            parts.add("seed " + run.path("seed").asText());
        }
        if (run.path("timings").isObject() && seconds() > 0) {
            parts.add(duration(seconds()));
        }
        if (run.hasNonNull("finished")) {
            parts.add(run.path("finished").asText().replaceFirst("T.*", ""));
        }
        return String.join(" \u00b7 ", parts);
    }

    String html() {
        StringBuilder facts = new StringBuilder();
        SIMPLE.stream().filter(run::hasNonNull).forEach(field -> facts.append(fact(field, brief(run.get(field)))));
        device().ifPresent(device -> facts.append(fact("device", device)));
        fields(run.path("device").path("libraries"))
                .forEach(library -> facts.append(fact(library.getKey(), library.getValue())));
        fields(run.path("versions")).forEach(version -> facts.append(fact(version.getKey(), version.getValue())));
        if (run.path("dataset").hasNonNull("sha256")) {
            facts.append(fact("test images, SHA-256", run.path("dataset").path("sha256").asText()));
        }
        fields(run.path("models")).forEach(model -> facts.append(fact(model.getKey() + ", SHA-256", model.getValue())));
        return "<dl class=\"run\">\n" + facts + "</dl>\n" + times()
                + "<details class=\"notes\"><summary>Everything in run.json</summary>\n<pre tabindex=\"0\"><code>"
                + Markup.text(run.toPrettyString()) + "</code></pre></details>\n";
    }

    /** Bars as wide as the share of the time. */
    private String times() {
        if (!(seconds() > 0)) {
            return "";
        }
        String rows = fields(run.path("timings")).stream().map(stage -> {
            double time = run.path("timings").path(stage.getKey()).asDouble();
            return "<tr><th scope=\"row\">" + Markup.text(stage.getKey()) + "</th><td>" + duration(time)
                    + "</td><td class=\"bar\"><span style=\"width:" + Math.round(100 * time / seconds())
                    + "%\"></span></td></tr>\n";
        }).collect(Collectors.joining());
        return "<table class=\"times\">\n<caption>Time per stage, " + duration(seconds()) + " in all</caption>\n"
                + "<thead class=\"unseen\"><tr><th scope=\"col\">Stage</th><th scope=\"col\">Time</th>"
                + "<th scope=\"col\">Share</th></tr></thead>\n<tbody>\n" + rows + "</tbody></table>\n";
    }

    private double seconds() {
        double sum = 0;
        for (JsonNode stage : run.path("timings")) {
            sum += Math.max(0, stage.asDouble());
        }
        return sum;
    }

    private Optional<String> device() {
        JsonNode device = run.path("device");
        if (!device.isObject()) {
            return Optional.of(device.asText()).filter(text -> !text.isEmpty());
        }
        String unit = device.path("kind").asText().equals("cuda") ? " multiprocessors" : " workers";
        String workers = device.path("workers").asInt() > 0 ? ", " + device.path("workers").asInt() + unit : "";
        return Optional.of(device.path("name").asText(device.path("kind").asText()) + workers);
    }

    private static List<Map.Entry<String, String>> fields(JsonNode object) {
        List<Map.Entry<String, String>> fields = new ArrayList<>();
        object.fields().forEachRemaining(field -> fields.add(Map.entry(field.getKey(), brief(field.getValue()))));
        return fields;
    }

    private static String fact(String name, String value) {
        return "<dt>" + Markup.text(name) + "</dt><dd>" + Markup.text(value) + "</dd>\n";
    }

    private static String brief(JsonNode value) {
        return value.isValueNode() ? value.asText() : value.toString();
    }

    private static String duration(double seconds) {
        long whole = Math.round(seconds);
        return seconds < 100 ? String.format(Locale.ROOT, "%.1f\u00a0s", seconds)
                : whole < 3600 ? whole / 60 + "\u00a0min\u00a0" + whole % 60 + "\u00a0s"
                : whole / 3600 + "\u00a0h\u00a0" + whole % 3600 / 60 + "\u00a0min";
    }
}
