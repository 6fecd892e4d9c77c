package dev.bulwark.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Certificates as one JSON object a line; the package's description has the fields. What is read is not trusted. */
public final class CertificateText {

    static final String FORMAT = "bulwark-bounds-1";
    /** What every line of ours begins with. */
    public static final String START = "{\"format\":\"" + FORMAT + "\"";
    /** The same, with blanks where JSON allows them. */
    private static final Pattern BEGINNING = Pattern.compile("\\s*\\{\\s*\"format\"\\s*:\\s*\"" + FORMAT + "\"");

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    /** Splits below one another. */
    private static final int DEEPEST = 200;
    private static final int MOST = 1 << 24;

    private CertificateText() {
    }

    /** A line, without its end. */
    public static String write(Certificate of) {
        ObjectNode row = NODES.objectNode();
        row.put("format", FORMAT).put("index", of.index()).put("label", of.label()).put("epsilon", of.ball().epsilon())
                .put("norm", of.ball().norm()).put("method", of.by().method()).put("claim", of.by().claim())
                .put("verdict", of.verdict().name().toLowerCase(Locale.ROOT)).put("model_sha256", of.bound().model())
                .put("image_sha256", of.bound().image()).put("centre", of.bound().bytes() ? "byte" : "float");
        if (of.verdict() == Certificate.Verdict.CERTIFIED) {
            ArrayNode margins = row.putArray("margin_lower");
            of.marginLower().forEach(margin -> margins.add(margin.isPresent() ? NODES.numberNode(margin.getAsDouble())
                    : NODES.nullNode()));
        }
        of.witness().ifPresent(point -> {
            ArrayNode elements = row.putArray("witness");
            for (double element : point) {
                elements.add(element);
            }
        });
        if (!of.proof().margins().isEmpty()) {
            ObjectNode proof = row.putObject("proof");
            ArrayNode open = proof.putArray("open");
            for (int[] layer : of.proof().open()) {
                BitSet bits = new BitSet();
                for (int unit : layer) {
                    bits.set(unit);
                }
                open.add(Base64.getEncoder().encodeToString(bits.toByteArray()));
            }
            if (!of.proof().sides().isEmpty()) {
                ArrayNode sides = proof.putArray("sides");
                of.proof().sides().forEach(side -> sides.addObject().put("layer", side.layer()).put("unit", side.unit())
                        .put("end", side.upper() ? "upper" : "lower")
                        .put("slopes", Base64.getEncoder().encodeToString(side.slopes())));
            }
            ObjectNode margins = proof.putObject("margins");
            new TreeMap<>(of.proof().margins()).forEach((c, tree) -> margins.set(Integer.toString(c), written(tree)));
        }
        try {
            return JSON.writeValueAsString(row);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a certificate can always be written", e);
        }
    }

    private static JsonNode written(Proof.Node node) {
        ObjectNode object = NODES.objectNode();
        if (node instanceof Proof.Split split) {
            object.put("layer", split.layer()).put("unit", split.unit()).put("at", split.threshold());
            object.set("below", written(split.below()));
            object.set("above", written(split.above()));
        } else if (node instanceof Proof.Leaf leaf) {
            if (leaf.slopes().length > 0) {
                object.put("slopes", Base64.getEncoder().encodeToString(leaf.slopes()));
            }
            if (leaf.multipliers().length > 0) {
                ArrayNode multipliers = object.putArray("multipliers");
                for (double each : leaf.multipliers()) {
                    multipliers.add(each);
                }
            }
        }
        return object;
    }

    /** Whether a line begins as one of these certificates. */
    public static boolean isOne(String line) {
        return BEGINNING.matcher(line).lookingAt();
    }

    /** @throws AuditException if the line is no certificate */
    public static Certificate read(String line) {
        JsonNode row;
        try {
            row = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new AuditException("is not JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
        require(row.isObject() && row.path("format").asText("").equals(FORMAT), "is no certificate of the format " + FORMAT);
        requireOnly(row, Set.of("format", "index", "label", "epsilon", "norm", "method", "claim", "verdict", "model_sha256",
                "image_sha256", "centre", "margin_lower", "witness", "proof"));
        Certificate.Verdict verdict = verdict(text(row, "verdict"));
        boolean certified = verdict == Certificate.Verdict.CERTIFIED;
        require(row.has("margin_lower") == certified, "margin_lower belongs to verdict certified, and to no other");
        require(row.has("witness") == (verdict == Certificate.Verdict.FALSIFIED),
                "witness belongs to verdict falsified, and to no other");
        require(certified || !row.has("proof"), "proof belongs to verdict certified, and to no other");
        String centre = text(row, "centre");
        require(centre.equals("byte") || centre.equals("float"), "centre is neither byte nor float");
        int label = integer(row, "label");
        return new Certificate(integer(row, "index"), label, new Certificate.Region(text(row, "epsilon"), text(row, "norm")),
                new Certificate.Origin(text(row, "method"), text(row, "claim")),
                new Certificate.Digests(text(row, "model_sha256"), text(row, "image_sha256"), centre.equals("byte")),
                        verdict,
                certified ? margins(row.get("margin_lower"), label) : List.of(),
                row.has("witness") ? Optional.of(numbers(row.get("witness"), "witness")) : Optional.empty(),
                row.has("proof") ? proof(row.get("proof")) : Proof.NONE);
    }

    private static void require(boolean condition, String complaint) {
        if (!condition) {
            throw new AuditException(complaint);
        }
    }

    private static void requireOnly(JsonNode object, Set<String> known) {
        for (Iterator<String> names = object.fieldNames(); names.hasNext();) {
            String name = names.next();
            require(known.contains(name), "has a field that certificates don't have: " + name);
        }
    }

    private static Certificate.Verdict verdict(String text) {
        for (Certificate.Verdict verdict : Certificate.Verdict.values()) {
            if (verdict.name().toLowerCase(Locale.ROOT).equals(text)) {
                return verdict;
            }
        }
        throw new AuditException("verdict is \"" + text + "\", not certified, falsified or undecided");
    }

    private static String text(JsonNode object, String field) {
        require(object.path(field).isTextual(), field + " is missing, or no text");
        return object.get(field).textValue();
    }

    private static int integer(JsonNode object, String field) {
        JsonNode value = object.path(field);
        require(value.isInt() && value.intValue() >= -1, field + " is missing, or no number of this kind");
        return value.intValue();
    }

    private static double number(JsonNode value, String what) {
        require(value.isNumber() && Double.isFinite(value.doubleValue()), what + " holds something other than numbers");
        return value.doubleValue();
    }

    private static double[] numbers(JsonNode array, String what) {
        require(array.isArray() && array.size() <= MOST, what + " is no array");
        double[] numbers = new double[array.size()];
        for (int k = 0; k < numbers.length; ++k) {
            numbers[k] = number(array.get(k), what);
        }
        return numbers;
    }

    private static List<OptionalDouble> margins(JsonNode array, int label) {
        require(array.isArray(), "margin_lower is no array");
        List<OptionalDouble> margins = new ArrayList<>();
        for (int c = 0; c < array.size(); ++c) {
            require(array.get(c).isNull() == (c == label), "margin_lower is null at the label, and there alone");
            margins.add(c == label ? OptionalDouble.empty() : OptionalDouble.of(number(array.get(c), "margin_lower")));
        }
        return margins;
    }

    private static Proof proof(JsonNode proof) {
        require(proof.isObject() && proof.path("open").isArray() && proof.path("margins").isObject(),
                "proof is not an object of open and margins");
        requireOnly(proof, Set.of("open", "sides", "margins"));
        int[][] open = new int[proof.get("open").size()][];
        for (int k = 0; k < open.length; ++k) {
            open[k] = BitSet.valueOf(bytes(proof.get("open").get(k), "open")).stream().toArray();
        }
        Map<Integer, Proof.Node> trees = new TreeMap<>();
        Proof shape = new Proof(open, List.of(), Map.of());
        proof.get("margins").properties().forEach(field -> {
            require(field.getKey().matches("0|[1-9][0-9]{0,8}"), "margins are of classes, not of " + field.getKey());
            trees.put(Integer.parseInt(field.getKey()), node(field.getValue(), shape.slopes(), 0));
        });
        List<Proof.Side> sides = new ArrayList<>();
        proof.path("sides").forEach(side -> sides.add(side(side, shape)));
        return new Proof(open, sides, trees);
    }

    private static Proof.Side side(JsonNode side, Proof shape) {
        require(side.isObject(), "a side of a proof is no object");
        requireOnly(side, Set.of("layer", "unit", "end", "slopes"));
        String end = text(side, "end");
        require(end.equals("lower") || end.equals("upper"), "a side's end is neither lower nor upper");
        byte[] slopes = bytes(side.path("slopes"), "slopes");
        int layer = integer(side, "layer");
        require(layer >= 1 && slopes.length == shape.slopesBefore(layer), "a side of layer " + layer + " has " + slopes.length
                + " slopes, but there are " + shape.slopesBefore(layer) + " open units before it");
        return new Proof.Side(layer, integer(side, "unit"), end.equals("upper"), slopes);
    }

    private static Proof.Node node(JsonNode node, int slopes, int depth) {
        require(node.isObject() && depth <= DEEPEST, "a proof's domain is no object, or splits are more than " + DEEPEST
                + " deep");
        if (node.has("below") || node.has("above") || node.has("unit")) {
            requireOnly(node, Set.of("layer", "unit", "at", "below", "above"));
            require(node.has("below") && node.has("above"), "a split of a proof lacks one of its two parts");
            return new Proof.Split(integer(node, "layer"), integer(node, "unit"), number(node.path("at"), "at"),
                    node(node.get("below"), slopes, depth + 1), node(node.get("above"), slopes, depth + 1));
        }
        requireOnly(node, Set.of("slopes", "multipliers"));
        byte[] given = node.has("slopes") ? bytes(node.get("slopes"), "slopes") : new byte[0];
        require(given.length == 0 || given.length == slopes, "a leaf has " + given.length + " slopes, but there are "
                + slopes
                + " open units");
        double[] multipliers = node.has("multipliers") ? numbers(node.get("multipliers"), "multipliers") : new double[0];
        require(multipliers.length <= depth, "a leaf has more multipliers than splits above it");
        for (double each : multipliers) {
            require(each >= 0, "a multiplier is negative: " + each);
        }
        return new Proof.Leaf(given, multipliers);
    }

    private static byte[] bytes(JsonNode text, String what) {
        require(text.isTextual(), what + " is no text");
        try {
            return Base64.getDecoder().decode(text.textValue());
        } catch (IllegalArgumentException e) {
            throw new AuditException(what + " is not in base 64");
        }
    }
}
