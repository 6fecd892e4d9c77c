package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
        BranchAndBound.Settings settings = new BranchAndBound.Settings(3, 3, 4, 2, 0, 64);
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
                    found.add(new UnitSearch(plan, root, settings, room, new Effort(() -> false, Long.MAX_VALUE))
                            .tighten(value, domain.units()));
                }
            }
            for (int unit = 0; unit < 8; ++unit) {
                assertEquals(found.get(1).lower(value, unit), found.get(0).lower(value, unit), 1e-4);
                assertEquals(found.get(1).upper(value, unit), found.get(0).upper(value, unit), 1e-4);
            }
        }
    }
}
