package dev.bulwark.device.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/** Tests for a GPU, or the emulated driver in its place: scripts/gpu-check runs them, by their tag, on a real one. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Tag("gpu")
@EnabledIf(value = "dev.bulwark.device.cuda.TestGpu#isPresent",
        disabledReason = "no GPU here, and no emulated driver: scripts/test builds it")
public @interface GpuTest {
}
