package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuGraphBoundsTest extends GraphBounds {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }

    @Test
    void givenValuesThatFillTheMemory_whenAskedHowManyGoTogether_thenFewer() {
        int size = 1 << 22;
        Graph graph = Graph.sequence(Shape.of(size), List.of(new Op.Relu(), new Op.Dense(Tensor.zeros(2, size), Tensor.zeros(2))));
        try (Plan plan = Plan.load(backend, graph)) {
            assertEquals(31, plan.imagesPerCall(), "2^28 elements of somewhat more than 2^23 each");
            assertEquals(62, BackwardPass.together(plan, 1, value -> false, 8192), "2^28 of somewhat more than 2^22 each");
            assertEquals(3, BackwardPass.together(plan, 1, value -> false, 3));
        }
    }

    @Test
    void givenManyInequalities_whenSomeGoBackAtATime_thenTheirBoundsAreThoseOfAll() {
        Graph graph = RandomGraph.of(4);
        List<Specification.Inequality> inequalities = new ArrayList<>();
        for (int k = 0; k < 7; ++k) {
            float[] coefficients = new float[graph.classes()];
            coefficients[k % coefficients.length] = k - 3;
            inequalities.add(new Specification.Inequality(coefficients, k));
        }
        Specification specification = new Specification(graph.classes(), List.of(new Specification.Clause(inequalities)));
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(memory, plan, 1, 100, new Crown.Settings(Crown.Units.CROWN, false, 0));
            float[] low = new float[plan.inputs()];
            float[] high = new float[plan.inputs()];
            Arrays.fill(low, 0.25f);
            Arrays.fill(high, 0.5f);
            pass.relax(new int[1], InputRegion.box(backend, new Box(low, high)));
            float[] all = pass.lowerBounds(new SpecificationForms(plan, specification));
            float[] parts = pass.lowerBounds(new SpecificationForms(plan, specification, 3));
            assertArrayEquals(all, parts, 1e-4f);
        }
    }
}
