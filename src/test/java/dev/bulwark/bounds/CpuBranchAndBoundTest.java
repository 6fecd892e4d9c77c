package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CpuBranchAndBoundTest extends BranchAndBoundContract {

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }

    @Override
    int networks() {
        return Integer.getInteger("bulwark.networks", 200);
    }

    /** Networks that leave room for two domains at a time, where the settings say more: as for many, but for the last bits. */
    @Test
    void givenRoomForFewDomains_whenUnitsAreSearched_thenTheirBoundsAreThoseOfMany() {
        SplittableRandom random = new SplittableRandom(4);
        Graph graph = Mlp.of(List.of(
                Mlp.dense(3, 8, RandomCase.values(random, 24, -1, 1), RandomCase.values(random, 8, -0.5, 0.5)),
                Mlp.dense(8, 8, RandomCase.values(random, 64, -1, 1), RandomCase.values(random, 8, -0.5, 0.5)),
                Mlp.dense(8, 2, RandomCase.values(random, 16, -1, 1), RandomCase.values(random, 2, -0.5, 0.5))));
        Region ball = Region.around(new float[] {0.5f, 0.5f, 0.5f}, Ball.aroundFloats(0.4).in(Norm.TWO));
        Specification any = Specification.label(0, 2);
        BranchAndBound.Settings settings = new BranchAndBound.Settings(3, 3, 4, 256, 2, 0, 64);
        List<UnitBoxes> found = new ArrayList<>();
        try (Plan plan = Plan.load(backend, graph)) {
            int value = 3; // what the second ReLU reads
            for (int room : new int[] {2, 64}) {
                try (DeviceMemory memory = new DeviceMemory(backend)) {
                    RootRegion root = new RootRegion(memory, plan, ball, room);
                    DomainBounds whole = memory.owning(DomainBounds.ofClauses(plan, any, root,
                            new Crown.Settings(Crown.Units.CROWN, false, 0), 1));
                    Domain domain = Domain.root(0, 0, root.box(), UnitBoxes.unknown(plan));
                    whole.relax(List.of(domain));
                    assertTrue(domain.units().openSides(value).length > 4, "there is something to search");
                    found.add(new UnitSearch(plan, root, settings, 4, room, new Effort(() -> false, Long.MAX_VALUE))
                            .tighten(value, domain.units()));
                }
            }
            for (int unit = 0; unit < 8; ++unit) {
                assertEquals(found.get(1).lower(value, unit), found.get(0).lower(value, unit), 1e-4);
                assertEquals(found.get(1).upper(value, unit), found.get(0).upper(value, unit), 1e-4);
            }
        }
    }

    /** What all of a long search has in common is bounded better on the way; the answer is sound as ever. */
    @Test
    void givenALongSearch_whenUnitsAreSearchedAgain_thenItEndsEarlier() {
        SplittableRandom random = new SplittableRandom(8);
        Graph graph = Mlp.of(List.of(
                Mlp.dense(6, 16, RandomCase.values(random, 96, -1, 1), RandomCase.values(random, 16, -0.5, 0.5)),
                Mlp.dense(16, 16, RandomCase.values(random, 256, -1, 1), RandomCase.values(random, 16, -0.5, 0.5)),
                Mlp.dense(16, 16, RandomCase.values(random, 256, -1, 1), RandomCase.values(random, 16, -0.5, 0.5)),
                Mlp.dense(16, 2, RandomCase.values(random, 32, -1, 1), RandomCase.values(random, 2, -0.5, 0.5))));
        Box box = new Box(new float[6], new float[] {1, 1, 1, 1, 1, 1});
        double least = Double.POSITIVE_INFINITY;
        for (int k = 0; k < 2000; ++k) {
            float[] point = RandomCase.values(random, 6, 0, 1);
            float[] there = logits(graph, point);
            least = Math.min(least, there[0] - there[1]);
        }
        Specification specification = one(new float[] {1, -1}, 2 - least);
        BranchAndBound.Settings once = new BranchAndBound.Settings(3, 5, 2, 2, 2, 0, 16);
        BranchAndBound.Settings again = new BranchAndBound.Settings(3, 5, 2, 16, 2, 0, 16);
        assertInstanceOf(Verdict.Certified.class, search(graph, box, specification, again, 20_000).verdict());
        assertInstanceOf(Verdict.Undecided.class, search(graph, box, specification, once, 20_000).verdict());
        Specification beyond = one(new float[] {1, -1}, -0.05 - least);
        assertFalse(search(graph, box, beyond, again, 5_000).verdict()
                instanceof Verdict.Certified, "a point breaks it");
    }
}
