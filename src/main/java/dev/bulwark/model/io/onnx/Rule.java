package dev.bulwark.model.io.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What one kind of ONNX operation means. */
interface Rule {

    /** @return the outputs, first to last. @throws OnnxException if the node is not fully understood */
    List<Value> apply(Call call);

    /** A rule for an operation of which only the first output is understood. */
    static Rule of(Function<Call, Value> first) {
        return call -> {
            call.requireOneOutput();
            return List.of(first.apply(call));
        };
    }

    /** All rules, by the operations' names. */
    static Map<String, Rule> all() {
        Map<String, Rule> rules = new HashMap<>();
        rules.putAll(LinearRules.RULES);
        rules.putAll(PoolingRules.RULES);
        rules.putAll(ElementRules.RULES);
        rules.putAll(LayoutRules.RULES);
        rules.putAll(CuttingRules.RULES);
        rules.putAll(ConstantRules.RULES);
        return rules;
    }
}
