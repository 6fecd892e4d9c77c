package dev.bulwark.data;

import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Servers that hold the same files. Each is asked in turn until one gives content with the right digest; one that failed
 * goes to the end of the queue, so that a dead server costs its timeout once and not once a file.
 *
 * <p>A download stays in memory until its digest is checked, then goes to a temporary file beside its place and is renamed
 * over it in one step. Whenever the process dies, there is a whole and checked file in place, or none.
 */
final class Mirrors {

    /** The largest packed file is under 10 MB. */
    private static final int MAX_DOWNLOAD = 32 << 20;

    private final Deque<URI> queue;
    private final Duration patience;
    private final HttpClient client;

    /**
     * @param bases    folders of files, each ending in a slash; the first is asked first
     * @param connect  longest wait for a connection
     * @param patience longest wait without a further byte
     */
    Mirrors(List<URI> bases, Duration connect, Duration patience) {
        this.queue = new ArrayDeque<>(bases);
        this.patience = patience;
        this.client = HttpClient.newBuilder()
                .connectTimeout(connect)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
    }

    /**
     * Puts {@code file}, packed, into {@code folder}, which is made if need be.
     *
     * @param digest SHA-256 that the unpacked content must have
     * @return where the file lies
     * @throws DataException with every mirror's failure if none gave the content, or if it can't be stored
     */
    Path fetch(MnistFile file, String digest, Path folder) {
        byte[] packed = download(file, digest);
        Path place = folder.resolve(file.packedName());
        try {
            AtomicFile.replace(place, packed);
        } catch (IOException e) {
            throw new DataException(place + ": cannot be written (" + Reason.of(e) + ")", e);
        }
        return place;
    }

    private byte[] download(MnistFile file, String digest) {
        List<String> failures = new ArrayList<>();
        for (URI mirror : List.copyOf(queue)) {
            URI address = mirror.resolve(file.packedName());
            try {
                byte[] packed = receive(address);
                requireDigest(packed, address, file, digest);
                return packed;
            } catch (IOException e) {
                failures.add(address + ": " + reason(e));
            } catch (DataException e) {
                failures.add(e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DataException(address + ": the download was interrupted", e);
            }
            queue.remove(mirror);
            queue.addLast(mirror);
        }
        throw new DataException(file.packedName() + ": no mirror could give it: "
                + (failures.isEmpty() ? "none is known" : String.join("; ", failures)));
    }

    /** The client's own timeout ends with the headers, so progress of the body is watched here. */
    private byte[] receive(URI address) throws IOException, InterruptedException {
        Body body = new Body();
        CompletableFuture<HttpResponse<Void>> reply = client.sendAsync(
                HttpRequest.newBuilder(address).build(),
                HttpResponse.BodyHandlers.ofByteArrayConsumer(part -> part.ifPresent(body::append)));
        try {
            int before = -1;
            while (true) {
                try {
                    int status = reply.get(patience.toMillis(), TimeUnit.MILLISECONDS).statusCode();
                    if (status != 200) {
                        throw new IOException("the server answered " + status + ", 200 expected");
                    }
                    return body.bytes();
                } catch (TimeoutException e) {
                    if (body.size() == before) {
                        throw new IOException("nothing came for " + patience.toMillis() + " ms", e);
                    }
                    before = body.size();
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } finally {
            reply.cancel(true);
        }
    }

    private static void requireDigest(byte[] packed, URI address, MnistFile file, String digest) throws IOException {
        String found = IdxFile.read(new ByteArrayInputStream(packed), address.toString(), file.kind()).digest();
        if (!found.equals(digest)) {
            throw new IOException("the content's SHA-256 is " + found + ", " + digest + " expected");
        }
    }

    /** The JDK's connection failures often carry no message. */
    private static String reason(IOException failure) {
        if (failure instanceof HttpTimeoutException) {
            return "no connection within the time limit";
        }
        if (failure instanceof ConnectException) {
            return "no connection";
        }
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    /** What has come so far; written by the client's thread, watched by the caller's. */
    private static final class Body {

        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private boolean tooLong;

        synchronized void append(byte[] part) {
            tooLong |= received.size() + part.length > MAX_DOWNLOAD;
            if (!tooLong) {
                received.writeBytes(part);
            }
        }

        /** Stands still once the limit is reached, so that an endless body ends like a stalled one. */
        synchronized int size() {
            return received.size();
        }

        synchronized byte[] bytes() throws IOException {
            if (tooLong) {
                throw new IOException("the body is longer than " + MAX_DOWNLOAD + " bytes");
            }
            return received.toByteArray();
        }
    }
}
