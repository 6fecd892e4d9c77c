package dev.bulwark.data;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Mirrors of {@link FakeMnist} on this machine, one of them good and each of the others bad in its own way. */
final class MirrorServer implements AutoCloseable {

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);

    MirrorServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        mirror("good", (exchange, file) -> send(exchange, FakeMnist.packed(file)));
        mirror("broken", (exchange, file) -> exchange.sendResponseHeaders(500, -1));
        mirror("short", (exchange, file) -> sendHalf(exchange, FakeMnist.packed(file)));
        mirror("cut", (exchange, file) -> {
            byte[] packed = FakeMnist.packed(file);
            send(exchange, IdxBytes.resized(packed, packed.length / 2));
        });
        mirror("wrong", (exchange, file) -> send(exchange, IdxBytes.gzip(
                file.kind() == IdxFile.Kind.IMAGES ? IdxBytes.images(5) : IdxBytes.labels(5))));
        mirror("first-only", (exchange, file) -> {
            if (file == MnistFile.TRAIN_IMAGES) {
                send(exchange, FakeMnist.packed(file));
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
        });
        mirror("stall", (exchange, file) -> {
            sendHalf(exchange, FakeMnist.packed(file));
            exchange.getResponseBody().flush();
            stalled.countDown();
            await(closing);
        });
        server.start();
    }

    /** One of {@code good}, {@code broken}, {@code short}, {@code cut}, {@code wrong}, {@code first-only}, {@code stall}. */
    URI mirror(String name) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/" + name + "/");
    }

    /** The paths asked for so far, in order. */
    List<String> asked() {
        return List.copyOf(asked);
    }

    /** Returns when a client of {@code stall} has got half a file. */
    void awaitStall() {
        await(stalled);
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private interface Answer {
        void give(HttpExchange exchange, MnistFile file) throws IOException;
    }

    private void mirror(String name, Answer answer) {
        server.createContext("/" + name + "/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            asked.add(path);
            try {
                answer.give(exchange, Stream.of(MnistFile.values())
                        .filter(f -> path.endsWith("/" + f.packedName())).findFirst().orElseThrow());
            } finally {
                exchange.close();
            }
        });
    }

    private static void send(HttpExchange exchange, byte[] body) throws IOException {
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
    }

    /** Announces the whole body. */
    private static void sendHalf(HttpExchange exchange, byte[] body) throws IOException {
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body, 0, body.length / 2);
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("nothing happened for 30 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
