package dev.bulwark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What names devices, and what is said of names that don't. */
@DisplayName("Device choices")
class DeviceChoiceTest {

    @ParameterizedTest
    @ValueSource(strings = {"auto", "cpu", "cuda", "cuda:1", "cuda:0,2"})
    void givenAName_whenParsed_thenItPrintsAsItWasWritten(String name) {
        assertEquals(name, DeviceChoice.parse(name).toString());
    }

    @Test
    void givenNumbers_whenParsed_thenTheyAreInOrder() {
        assertEquals(new DeviceChoice(DeviceChoice.Kind.CUDA, List.of(2, 0)), DeviceChoice.parse("cuda:2,0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:1,", "cuda:99999", "cpu:0"})
    void givenNoDevicesName_whenParsed_thenRefusedWithoutNamingAnOption(String name) {
        String message = assertThrows(IllegalArgumentException.class, () -> DeviceChoice.parse(name)).getMessage();
        assertTrue(message.endsWith("not " + name), message);
        assertFalse(message.contains("--"), message);
    }

    @Test
    void givenAGpuTwice_whenParsed_thenRefused() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> DeviceChoice.parse("cuda:1,1")).getMessage()
                .contains("twice: cuda:1,1"));
    }

    @Test
    void givenSeveralGpus_whenOneDeviceIsOpened_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> Device.open("cuda:0,1"));
    }

    @Test
    void givenSettingsOfGpus_whenTheCpuIsOpened_thenRefusedWithoutNamingAnOption() {
        DeviceChoice cpu = DeviceChoice.parse("cpu");
        for (DeviceSettings settings : List.of(DeviceSettings.DEFAULT.withProducts(ProductPrecision.TF32),
                DeviceSettings.DEFAULT.withNoisyKernels(NoisyKernels.FUSED))) {
            String message = assertThrows(UnsupportedOperationException.class,
                    () -> Devices.open(cpu, settings)).getMessage();
            assertFalse(message.contains("--"), message);
        }
    }
}
