package dev.bulwark.device.cpu;

/**
 * The JDK's incubating vector module, loaded when it is first needed.
 *
 * <p>Named in {@code --add-modules} it costs every start some milliseconds and prints a warning on standard error that no option
 * turns off. The JDK's own late loading (which agents use) defines it to the same class loader, without either;
 * measured on JDK 17 and 25, the compiled loops are as fast. It needs
 * {@code --add-exports java.base/jdk.internal.module=ALL-UNNAMED}.
 */
final class VectorModule {

    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {
    }

    /** Loads the module unless the JVM was started with it. @return whether its classes can be used */
    static boolean load() {
        if (ModuleLayer.boot().findModule(NAME).isPresent()) {
            return true;
        }
        try {
            Class.forName("jdk.internal.module.Modules").getMethod("loadModule", String.class).invoke(null, NAME);
            return true;
        } catch (ReflectiveOperationException e) { // not exported to us, moved, or a JDK without the module
            return false;
        }
    }
}
