package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendFixture;
import dev.bulwark.device.LinearRelaxationsContract;
import dev.bulwark.device.OutwardIntervalsContract;
import dev.bulwark.device.ProductPrecision;

/** Where training's products are in bf16, bounds are what they are elsewhere. */
class CpuBoundsBesideBfloat16Test extends BackendFixture implements OutwardIntervalsContract, LinearRelaxationsContract {

    @Override
    protected Backend open() {
        assumeTrue(CpuBackend.has(ProductPrecision.BFLOAT16), "this processor has no native bf16 products");
        return CpuBackend.create().withProducts(ProductPrecision.BFLOAT16);
    }
}
