package dev.bulwark.device;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend that fails where a test wants it to, and otherwise does what the one behind it does. */
public final class FaultyBackend {

    private FaultyBackend() {
    }

    /** Decides before each call whether it fails; called by one thread at a time. */
    public interface Fault {
        Optional<RuntimeException> before(String operation, Object[] arguments);
    }

    public static Backend wrap(Backend sound, Fault fault) {
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                    Optional<RuntimeException> failure = fault.before(method.getName(), arguments);
                    if (failure.isPresent()) {
                        throw failure.get();
                    }
                    if (method.getName().equals("noisyClassifier")) {
                        @SuppressWarnings("unchecked")
                        List<Affine> layers = (List<Affine>) arguments[0];
                        return new ComposedNoisyClassifier((Backend) proxy, layers);
                    }
                    return call(sound, method, arguments);
                });
    }

    /** The allocation with number {@code n}, from 0, finds no memory; later ones do. */
    public static Fault allocation(int n) {
        AtomicInteger seen = new AtomicInteger();
        return (operation, arguments) -> operation.equals("allocate") && seen.getAndIncrement() == n
                ? Optional.of(new OutOfDeviceMemoryException("allocation " + n + " is one too many")) : Optional.empty();
    }

    /** Memory for buffers of at most so many elements. */
    public static Fault longerThan(long elements) {
        return (operation, arguments) -> operation.equals("allocate") && (long) arguments[0] > elements
                ? Optional.of(new OutOfDeviceMemoryException(arguments[0] + " elements are too many")) : Optional.empty();
    }

    /** From the affine map with number {@code n} on, everything fails but closing and looking. */
    public static Fault lostAtAffine(int n) {
        AtomicInteger seen = new AtomicInteger();
        return (operation, arguments) -> {
            if (operation.equals("affine") || operation.equals("outwardAffine")) {
                seen.incrementAndGet();
            }
            boolean harmless = List.of("close", "info", "liveBytes").contains(operation);
            return seen.get() > n && !harmless ? Optional.of(new DeviceLostException("the device is lost")) : Optional.empty();
        };
    }

    private static Object call(Backend sound, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(sound, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
