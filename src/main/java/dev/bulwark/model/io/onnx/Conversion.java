package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Goes through the nodes that the output needs, each after what it reads, and applies their rules. */
final class Conversion {

    private static final Map<String, Rule> RULES = Rule.all();

    private final GraphProto graph;
    private final Call.Context context;
    private final Map<String, TensorProto> tensors = new HashMap<>();
    private final Map<String, NodeProto> makers = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();

    Conversion(GraphProto graph, int opset, int batch, Assembly assembly, Notes notes, TensorReader reader) {
        this.graph = graph;
        this.context = new Call.Context(opset, batch, assembly, notes, reader, new HashSet<>());
        graph.getInitializerList().forEach(tensor -> tensors.put(tensor.getName(), tensor));
    }

    /** What the model's output is, if its input is {@code input}. */
    Activation output(String inputName, Activation input) {
        for (NodeProto node : graph.getNodeList()) {
            for (String made : node.getOutputList()) {
                if (!made.isEmpty() && (makers.put(made, node) != null || made.equals(inputName)
                        || tensors.containsKey(made))) {
                    throw OnnxException.of("%s makes %s, which is made elsewhere too: the file is damaged", Call.title(node),
                            OnnxException.name(made));
                }
            }
        }
        values.put(inputName, input);
        String output = graph.getOutput(0).getName();
        List<NodeProto> nodes = needed(output);
        context.wanted().add(output);
        nodes.forEach(node -> context.wanted().addAll(node.getInputList()));
        nodes.forEach(this::apply);
        Value made = value(output).orElseThrow(
                () -> OnnxException.of("nothing makes the output %s: the file is damaged", OnnxException.name(output)));
        if (!(made instanceof Activation activation)) {
            throw OnnxException.of("the output %s does not depend on the input", OnnxException.name(output));
        }
        return activation;
    }

    /** Nodes that {@code output} needs, in an order in which each follows what it reads. */
    private List<NodeProto> needed(String output) {
        List<NodeProto> order = new ArrayList<>();
        Set<NodeProto> begun = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<NodeProto> done = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<NodeProto> open = new ArrayDeque<>();
        Optional.ofNullable(makers.get(output)).ifPresent(open::push);
        while (!open.isEmpty()) {
            NodeProto node = open.peek();
            if (!begun.add(node)) {
                open.pop();
                if (done.add(node)) {
                    order.add(node);
                }
                continue;
            }
            requireKnown(node);
            for (String read : node.getInputList()) {
                NodeProto maker = makers.get(read);
                if (maker != null && begun.contains(maker) && !done.contains(maker)) {
                    throw OnnxException.of("%s reads %s, which is made from what it makes: the file is damaged",
                            Call.title(node), OnnxException.name(read));
                }
                if (maker != null && !done.contains(maker)) {
                    open.push(maker);
                }
            }
        }
        return order;
    }

    private static void requireKnown(NodeProto node) {
        if (!OnnxReader.isOnnx(node.getDomain())) {
            throw OnnxException.of("%s is an operation of %s, which is not supported: export the model in ONNX's own "
                    + "operations",
                    Call.title(node), OnnxException.name(node.getDomain()));
        }
        if (!RULES.containsKey(node.getOpType())) {
            throw OnnxException.of("%s: this operation is not supported: export the model without it", Call.title(node));
        }
    }

    private void apply(NodeProto node) {
        List<Optional<Value>> inputs = new ArrayList<>();
        for (String read : node.getInputList()) {
            Optional<Value> value = read.isEmpty() ? Optional.empty() : value(read);
            if (value.isEmpty() && !read.isEmpty()) {
                throw OnnxException.of("%s reads %s, which nothing makes%s", Call.title(node), OnnxException.name(read),
                        graph.getSparseInitializerList().stream().anyMatch(s -> s.getValues().getName().equals(read))
                                ? " but a sparse tensor: save the model with dense ones" : ": the file is damaged");
            }
            inputs.add(value);
        }
        Call call = new Call(node, context, inputs);
        List<Value> made;
        try {
            made = RULES.get(node.getOpType()).apply(call);
        } catch (OnnxException e) {
            throw e.getMessage().startsWith(call.title() + ": ") ? e : call.refused("%s", e.getMessage());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw call.refused("%s", e.getMessage());
        }
        call.requireUnderstood();
        for (int k = 0; k < Math.min(made.size(), node.getOutputCount()); ++k) {
            if (made.get(k) instanceof Activation) {
                Dims.requireActivation(made.get(k).dims());
            }
            values.put(node.getOutput(k), made.get(k));
        }
    }

    private Optional<Value> value(String name) {
        if (!values.containsKey(name) && tensors.containsKey(name)) {
            values.put(name, context.tensors().read(tensors.get(name), name));
        }
        return Optional.ofNullable(values.get(name));
    }
}
