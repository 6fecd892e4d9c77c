package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;

import java.util.function.Supplier;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;

/**
 * A primitive of oneDNN that can be made as often as workers want one.
 *
 * @param description made with {@link #attributes}
 */
record Kernel(primitive_desc_base description, Supplier<primitive> maker) {

    /** What it wants or makes as this argument. */
    memory.desc argument(int argument) {
        return description.query_md(dnnl.query.exec_arg_md, argument);
    }

    /** Adds one with these arguments, and a scratchpad of its own, to {@code run}. */
    void addTo(Primitives run, IntMemoryMap arguments, engine cpu) {
        arguments.put(DNNL_ARG_SCRATCHPAD, new memory(description.query_md(dnnl.query.scratchpad_md, 0), cpu));
        run.add(maker.get(), arguments);
    }

    /** A scratchpad of the caller's, float that stays float whatever oneDNN's environment variable says, and perhaps a ReLU. */
    static primitive_attr attributes(boolean relu) {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        attributes.set_fpmath_mode(dnnl.fpmath_mode.strict);
        if (relu) {
            post_ops after = new post_ops();
            after.append_eltwise(dnnl.algorithm.eltwise_relu, 0f, 0f);
            attributes.set_post_ops(after);
        }
        return attributes;
    }
}
