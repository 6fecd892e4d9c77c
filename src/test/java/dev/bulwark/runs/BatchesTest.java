package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Exact;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceLostException;
import dev.bulwark.device.FaultyBackend.Fault;
import dev.bulwark.device.FaultyBackend;
import dev.bulwark.device.OutOfDeviceMemoryException;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows do not depend on how many devices made them, on how much memory these had, or on one that was lost under way. */
class BatchesTest {

    private static final Fault NONE = (operation, arguments) -> Optional.empty();
    private static final int IMAGES = 37;
    private static final Graph NETWORK = Initialisation.KAIMING_UNIFORM.network(new int[] {784, 12, 10}, 1);
    private static final Dataset DATA = Digits.generate(0, Split.TEST, 2 * IMAGES);
    /** Not in the order of the data set, to see that the order asked for is kept. */
    private static final int[] INDICES = IntStream.range(0, IMAGES).map(k -> 2 * (IMAGES - 1 - k)).toArray();

    @TempDir
    private Path folder;
    private final List<String> notes = new ArrayList<>();
    private final List<CpuBackend> sound = new ArrayList<>();

    /** A run that writes its rows to a file. */
    private enum Run {
        CERTIFY {
            @Override
            void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException {
                try (RowFile<SmoothingRow> rows = RowFile.resume(out.resolveSibling("timed.tsv"), SmoothingRow.FORMAT);
                     RowFile<CertificateRow> votes = RowFile.resume(out, CertificateRow.FORMAT)) {
                    Certify.certify(fleet, subject, new Certify.Settings(0.5, 10, 50, 0.001, 3), rows,
                            Optional.of(votes), monitor);
                }
            }
        },
        CERTIFY_SEQUENTIALLY {
            @Override
            void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException {
                try (RowFile<SmoothingRow> rows = RowFile.resume(out.resolveSibling("timed.tsv"), SmoothingRow.FORMAT);
                     RowFile<CertificateRow> votes = RowFile.resume(out, CertificateRow.FORMAT)) {
                    Certify.certify(fleet, subject, new Certify.Settings(0.5, 10, 300, 0.001, 3).sequentially(List.of(0.1, 0.25)),
                            rows, Optional.of(votes), monitor);
                }
            }
        },
        VERIFY {
            @Override
            void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException {
                try (RowFile<BoundsRow> rows = RowFile.resume(out, BoundsRow.FORMAT)) {
                    Verify.run(fleet, subject, EPSILON, Method.IBP, 0, rows, monitor);
                }
            }
        },
        VERIFY_BY_CROWN {
            @Override
            void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException {
                try (RowFile<BoundsRow> rows = RowFile.resume(out, BoundsRow.FORMAT)) {
                    Verify.run(fleet, subject, EPSILON, Method.CROWN, 0, rows, monitor);
                }
            }
        },
        VERIFY_BY_CASCADE {
            @Override
            void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException {
                Verify.Bounding bounding = new Verify.Bounding(Method.CASCADE, 2, false, new Exact.Limits(Double.POSITIVE_INFINITY, 4),
                        Claim.REAL);
                try (RowFile<BoundsRow> rows = RowFile.resume(out, BoundsRow.FORMAT)) {
                    Verify.run(fleet, subject, EPSILON, Norm.INF, bounding, rows, monitor);
                }
            }
        },
        ATTACK {
            @Override
            void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException {
                try (RowFile<AttackRow> rows = RowFile.resume(out, AttackRow.FORMAT)) {
                    Attack.run(fleet, subject, Attack.settings(subject.data().ball(EPSILON), 3, 0.005, 2, 1,
                            Attack.BOTH_LOSSES), rows, Optional.empty(), new AttackTotals(), monitor);
                }
            }
        };

        private static final Epsilon EPSILON = Epsilon.of(0.01);

        abstract void run(Fleet fleet, Subject subject, Path out, Monitor monitor) throws IOException;
    }

    private final Monitor monitor = new Monitor() {
        @Override
        public Stage stage(String name, long total, String unit) {
            return Monitor.SILENT.stage(name, total, unit);
        }

        @Override
        public synchronized void note(String line) {
            notes.add(line);
        }
    };

    /** Runs on a device for each fault; answers what the file then holds. */
    private String rows(Run run, String name, Fault... faults) throws IOException {
        Path out = folder.resolve(name);
        try (Fleet fleet = fleet(faults)) {
            run.run(fleet, new Subject(NETWORK, DATA, INDICES), out, monitor);
        } finally {
            Files.deleteIfExists(folder.resolve("timed.tsv"));
            sound.forEach(backend -> assertEquals(0, backend.liveBytes()));
            sound.clear();
        }
        return SampleRows.untimed(Files.readString(out));
    }

    private Fleet fleet(Fault... faults) {
        return new Fleet(Arrays.stream(faults).map(fault -> {
            CpuBackend backend = CpuBackend.plainJava();
            sound.add(backend);
            return (Backend) FaultyBackend.wrap(backend, fault);
        }).toList(), "for a test");
    }

    @ParameterizedTest
    @EnumSource
    void givenSeveralDevices_whenRun_thenRowsAreThoseOfOne(Run run) throws IOException {
        String one = rows(run, "one", NONE);
        assertEquals(IMAGES, one.lines().count());
        assertEquals(one, rows(run, "two", NONE, NONE));
        assertEquals(one, rows(run, "three", NONE, NONE, NONE));
    }

    @Test
    void givenDevicesOfUnlikeSpeed_whenRun_thenRowsAreInOrder() throws IOException {
        List<Integer> written = new ArrayList<>();
        try (Fleet fleet = fleet(NONE, NONE, NONE)) {
            new Batches("doubling", INDICES, index -> index == 4, 3).<Integer>run(fleet, monitor, (backend, source) -> {
                int pause = 3 * fleet.backends().indexOf(backend);
                source.forEach(batch -> {
                    sleep(pause);
                    return Arrays.stream(batch).map(index -> 2 * index).boxed().toList();
                });
            }, (index, result) -> {
                assertEquals(2 * index, result);
                written.add(index);
            });
        }
        assertEquals(Arrays.stream(INDICES).filter(index -> index != 4).boxed().toList(), written);
    }

    private static void sleep(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    void givenAFailedAllocation_whenRun_thenBatchesAreHalvedAndRowsAreTheSame(Run run) throws IOException {
        String whole = rows(run, "whole", NONE);
        for (int allocation : new int[] {0, 1, 3, 6}) {
            notes.clear();
            assertEquals(whole, rows(run, "failing" + allocation, FaultyBackend.allocation(allocation)));
            assertEquals(1, notes.size(), notes.toString());
            assertTrue(notes.get(0).contains("going on with batches of " + IMAGES / 2), notes.get(0));
        }
    }

    @Test
    void givenLittleMemory_whenRun_thenItGoesOnWithTheBatchesThatFit() throws IOException {
        String whole = rows(Run.VERIFY, "whole", NONE);
        // The network takes 9,550 elements, an image 784: 18 don't fit, 9 do.
        assertEquals(whole, rows(Run.VERIFY, "scarce", FaultyBackend.longerThan(9_600)));
        assertTrue(notes.size() == 1 && notes.get(0).endsWith("batches of 9"), notes.toString());
    }

    @Test
    void givenTooLittleForOneImage_whenRun_thenItFailsAsOutOfMemory() {
        assertThrows(OutOfDeviceMemoryException.class, () -> rows(Run.VERIFY, "none", FaultyBackend.longerThan(700)));
        assertEquals(List.of(), notes);
    }

    @ParameterizedTest
    @EnumSource
    void givenADeviceLostUnderWay_whenResumed_thenNoRowIsLostOrChanged(Run run) throws IOException {
        String whole = rows(run, "whole", NONE);
        for (Fault[] faults : new Fault[][] {{FaultyBackend.lostAtAffine(70)},
                {FaultyBackend.lostAtAffine(5), FaultyBackend.lostAtAffine(5)}}) {
            String name = "lost" + faults.length;
            assertThrows(DeviceLostException.class, () -> {
                rows(run, name, faults);
                // Bounds of all images are one batch: they are done before the 70th product.
                throw new DeviceLostException("not at all");
            });
            String kept = SampleRows.untimed(Files.readString(folder.resolve(name)));
            assertTrue(whole.startsWith(kept), "rows before the loss are the first ones of the whole run");
            assertEquals(whole, rows(run, name, NONE));
        }
    }

    @Test
    void givenDevicesThatComputeOtherwise_whenAFleetIsMade_thenItIsRefused() {
        try (CpuBackend fp32 = CpuBackend.plainJava(); CpuBackend own = CpuBackend.create()) {
            if (!fp32.info().arithmetic().equals(own.info().arithmetic())) {
                assertThrows(IllegalArgumentException.class, () -> new Fleet(List.of(fp32, own), "mixed"));
            }
        }
    }
}
