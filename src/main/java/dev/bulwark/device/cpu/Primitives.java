package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/**
 * oneDNN's primitives with their arguments, one after the other. What it allocates belongs to the pointer scope that is open.
 */
final class Primitives {

    private final engine cpu;
    private final stream queue;
    private final List<primitive> primitives = new ArrayList<>();
    private final List<IntMemoryMap> arguments = new ArrayList<>();
    private final List<memory> held = new ArrayList<>();

    Primitives(engine cpu) {
        this.cpu = cpu;
        this.queue = new stream(cpu);
    }

    void add(primitive next, IntMemoryMap map) {
        primitives.add(next);
        arguments.add(map);
    }

    /** Keeps memory of which primitives know parts alone, which don't own it. */
    void hold(memory whole) {
        held.add(whole);
    }

    /** {@code source} in the layout and type of {@code wanted}: itself where it has them. */
    memory convert(memory source, memory.desc wanted) {
        if (source.get_desc().equals(wanted)) {
            return source;
        }
        memory target = new memory(wanted, cpu);
        copy(source, target);
        return target;
    }

    /** Each in its own layout and type. */
    void copy(memory source, memory target) {
        IntMemoryMap map = new IntMemoryMap();
        map.put(DNNL_ARG_SRC, source);
        map.put(DNNL_ARG_DST, target);
        add(new reorder(source, target), map);
    }

    /** Sets {@code gradient} to zero where the ReLU's output {@code activation}, of the same layout, is zero, in place. */
    void mask(memory activation, memory gradient) {
        memory.desc desc = activation.get_desc();
        dnnl.algorithm relu = dnnl.algorithm.eltwise_relu_use_dst_for_bwd;
        eltwise_forward.primitive_desc hint = new eltwise_forward.primitive_desc(
                cpu, dnnl.prop_kind.forward_training, relu, desc, desc, 0f);
        eltwise_backward.primitive_desc description =
                new eltwise_backward.primitive_desc(cpu, relu, desc, desc, desc, 0f, hint);
        IntMemoryMap map = new IntMemoryMap();
        map.put(DNNL_ARG_DST, activation);
        map.put(DNNL_ARG_DIFF_DST, gradient);
        map.put(DNNL_ARG_DIFF_SRC, gradient);
        add(new eltwise_backward(description), map);
    }

    /** All of them, and waits. */
    void run() {
        for (int i = 0; i < primitives.size(); ++i) {
            primitives.get(i).execute(queue, arguments.get(i));
        }
        queue._wait();
    }
}
