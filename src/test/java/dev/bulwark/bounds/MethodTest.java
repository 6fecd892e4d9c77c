package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.nn.Dense;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.Network;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MethodTest {

    private static final Network IDENTITY =
            Network.mlp(List.of(new Dense(2, 2, new float[] {1, 0, 0, 1}, new float[] {0, 0})));

    @Test
    void ibpIsAvailable() {
        try (Backend backend = CpuBackend.create(); DeviceNetwork network = DeviceNetwork.load(backend, IDENTITY)) {
            assertInstanceOf(Ibp.class, Method.IBP.verifier(backend, network));
        }
    }

    @ParameterizedTest
    @CsvSource({"CROWN, crown", "ALPHA_CROWN, alpha-crown"})
    void givenMethodThatIsMissing_whenChosen_thenSaysSoAndWhatToUse(Method method, String name) {
        try (Backend backend = CpuBackend.create(); DeviceNetwork network = DeviceNetwork.load(backend, IDENTITY)) {
            Exception refusal = assertThrows(IllegalArgumentException.class, () -> method.verifier(backend, network));
            assertEquals(name + " bounds are not available yet; use --method ibp", refusal.getMessage());
        }
    }
}
