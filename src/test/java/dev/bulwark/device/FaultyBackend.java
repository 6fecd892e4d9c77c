package dev.bulwark.device;

import java.lang.reflect.InvocationHandler;
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

        /** @param operation a method of {@link Backend}, or one of a family with its accessor: {@code linear.affine} */
        Optional<RuntimeException> before(String operation, Object[] arguments);
    }

    public static Backend wrap(Backend sound, Fault fault) {
        return proxy(Backend.class, (backend, method, arguments) -> {
            if (isFamily(method)) {
                return wrap(method.getReturnType(), method.getName(), call(sound, method, arguments), fault);
            }
            failIf(fault.before(method.getName(), arguments));
            if (method.getName().equals("noisyClassifier")) {
                @SuppressWarnings("unchecked")
                List<Affine> layers = (List<Affine>) arguments[0];
                return new ComposedNoisyClassifier((Backend) backend, layers);
            }
            return call(sound, method, arguments);
        });
    }

    private static <T> T wrap(Class<T> type, String family, Object sound, Fault fault) {
        return proxy(type, (wrapped, method, arguments) -> {
            failIf(fault.before(family + '.' + method.getName(), arguments));
            return call(sound, method, arguments);
        });
    }

    /** Operations of a family are called through what its accessor returns, which is named after it. */
    private static boolean isFamily(Method method) {
        return method.getParameterCount() == 0 && method.getReturnType().getSimpleName().equalsIgnoreCase(method.getName());
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static void failIf(Optional<RuntimeException> failure) {
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    /** The allocation with number {@code n}, from 0, finds no memory; later ones do. */
    public static Fault allocation(int n) {
        AtomicInteger seen = new AtomicInteger();
        return (operation, arguments) -> operation.equals("allocate") && seen.getAndIncrement() == n
                ? Optional.of(new OutOfDeviceMemoryException("allocation " + n + " is one too many")) : Optional.empty();
    }

    /** Memory for buffers of at most this many elements. */
    public static Fault longerThan(long elements) {
        return (operation, arguments) -> operation.equals("allocate") && (long) arguments[0] > elements
                ? Optional.of(new OutOfDeviceMemoryException(arguments[0] + " elements are too many")) : Optional.empty();
    }

    /** From the affine map with number {@code n} on, everything fails but closing and queries. */
    public static Fault lostAtAffine(int n) {
        AtomicInteger seen = new AtomicInteger();
        return (operation, arguments) -> {
            if (operation.endsWith(".affine")) {
                seen.incrementAndGet();
            }
            boolean harmless = List.of("close", "info", "liveBytes").contains(operation);
            return seen.get() > n && !harmless ? Optional.of(new DeviceLostException("the device is lost"))
                    : Optional.empty();
        };
    }

    private static Object call(Object sound, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(sound, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
