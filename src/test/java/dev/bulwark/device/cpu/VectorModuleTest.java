package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.module.ModuleFinder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class VectorModuleTest {

    @BeforeAll
    static void needsTheModule() {
        assumeTrue(ModuleFinder.ofSystem().find("jdk.incubator.vector").isPresent(),
                "this JDK has no jdk.incubator.vector");
    }

    @Test
    void givenAJvmStartedWithoutTheModule_whenLoaded_thenItsClassesAreThere() throws ClassNotFoundException {
        assertTrue(VectorModule.load());
        assertNotNull(Class.forName("jdk.incubator.vector.FloatVector"));
    }

    @Test
    void givenTheModuleIsLoaded_whenLoadedAgain_thenNothingChanges() {
        assertTrue(VectorModule.load());
        assertTrue(VectorModule.load());
    }

    @Test
    void givenTheModule_whenNoiseIsChosen_thenItIsVectorised() {
        assertInstanceOf(VectorNoise.class, Libraries.noise());
    }
}
