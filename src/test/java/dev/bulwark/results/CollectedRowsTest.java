package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Norm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of single commands, laid into one folder call after call: what each is of is said as long as it is there. */
class CollectedRowsTest {

    private static final String FIRST = "1111111111111111";
    private static final String SECOND = "2222222222222222";

    @TempDir
    private Path folder;

    private Path target() {
        return folder.resolve("report");
    }

    private Path bounds(String name, String network, double epsilon, String... dataset) throws IOException {
        Path file = folder.resolve(name);
        try (RowFile<BoundsRow> rows = RowFile.replace(file, BoundsRow.FORMAT)) {
            rows.append(SampleRows.bounds(0, epsilon, 0, network.equals(FIRST) ? 1 : -1, false));
        }
        return recorded(file, "{\"run\":\"verify\",\"method\":\"ibp\",\"epsilon\":" + epsilon + ",\"model_sha256\":\""
                + network + "\",\"dataset\":\"" + (dataset.length > 0 ? dataset[0] : "mnist") + "\"}");
    }

    private Path certified(String name, String network, double sigma, int n) throws IOException {
        Path file = folder.resolve(name);
        try (RowFile<SmoothingRow> rows = RowFile.replace(file, SmoothingRow.FORMAT)) {
            rows.append(votes(network, sigma, n).withoutVotes());
        }
        return recorded(file, "{\"run\":\"certify\",\"sigma\":" + sigma + ",\"n\":" + n
                + ",\"alpha\":0.001,\"model_sha256\":\"" + network + "\",\"dataset\":\"mnist\"}");
    }

    private Path votesOf(String name, String network, double sigma, int n) throws IOException {
        Path file = folder.resolve(name);
        try (RowFile<CertificateRow> rows = RowFile.replace(file, CertificateRow.FORMAT)) {
            rows.append(votes(network, sigma, n));
        }
        return file;
    }

    private static CertificateRow votes(String network, double sigma, int n) {
        long lost = network.equals(FIRST) ? 0 : 1;
        return SampleRows.votes(0, List.of(n - lost, lost), n, sigma);
    }

    private static Path recorded(Path file, String identity) throws IOException {
        Files.writeString(RunLayout.recordOf(file), "{\"identity\":" + identity + ",\"command\":\"bulwark for "
                + file.getFileName() + "\"}");
        return file;
    }

    private List<String> scope() throws IOException {
        return StreamSupport.stream(RecordFile.read(target().resolve("run.json")).path("scope").spliterator(),
                false).map(node -> node.asText()).toList();
    }

    /** Votes have no record beside them; without them a false radius would pass. */
    @Test
    void givenVotesBesideCertificates_whenTheFolderOrTheCertificatesAreNamed_thenTheVotesAreTaken() throws IOException {
        Path rows = certified("a.tsv", FIRST, 0.5, 100);
        Path votes = votesOf("a.jsonl", FIRST, 0.5, 100);
        Files.writeString(folder.resolve("notes.jsonl"), "{\"no\":\"row\"}");
        assertEquals(List.of(votes, rows), CollectedRows.in(folder).files());
        CollectedRows.into(target(), List.of(rows));
        assertEquals(Files.readString(votes), Files.readString(target().resolve("smoothing/sigma-0.50.jsonl")));
        Files.writeString(rows, Files.readString(rows).replaceFirst("(?m)\\t0\\.[0-9]+\\t", "\t0.74\t"));
        CollectedRows.into(folder.resolve("false"), List.of(rows));
        assertTrue(assertThrows(RowException.class, () -> RunFolder.read(folder.resolve("false"))).getMessage()
                .contains("but its votes say"));
    }

    @Test
    void givenRowsOfAnL2Ball_whenNamed_thenTheyAreNoPartOfTablesOfLInfinityBalls() throws IOException {
        Path rows = bounds("a.jsonl", FIRST, 0.1);
        Path record = folder.resolve("a.jsonl.run.json");
        Files.writeString(record, Files.readString(record).replaceFirst("\"run\"", "\"norm\":\"2\",\"run\""));
        Files.writeString(rows, Files.readString(rows).replace("}", ",\"norm\":\"2\"}"));
        CollectedRows.into(target(), List.of(rows));
        RunFolder read = RunFolder.read(target());
        assertTrue(read.ibp().isEmpty());
        assertEquals(List.of(Norm.TWO), List.copyOf(read.balls().norms().keySet()));
        assertEquals(1, read.balls().norms().get(Norm.TWO).get(0.1).bounds().size());
    }

    /** A record that was lost or altered makes the rows no other. */
    @Test
    void givenRowsOfAnL1BallUnderARecordOfAnother_whenRead_thenTheyAreRefused() throws IOException {
        Path rows = bounds("a.jsonl", FIRST, 0.1);
        Files.writeString(rows, Files.readString(rows).replace("}", ",\"norm\":\"1\"}"));
        CollectedRows.into(target(), List.of(rows));
        assertThrows(RowException.class, () -> RunFolder.read(target()));
    }

    @Test
    void givenTwoFilesOfOnePlace_whenNamed_thenBothAreInTheMessage() throws IOException {
        List<Path> files = List.of(bounds("a.jsonl", FIRST, 0.1), bounds("b.jsonl", FIRST, 0.1));
        String message = assertThrows(RowException.class, () -> CollectedRows.into(target(), files)).getMessage();
        assertTrue(message.contains("b.jsonl") && message.contains("a.jsonl: report them apart"), message);
    }

    @Test
    void givenAFolderWithoutARunsRecord_whenRead_thenRecordsBesideRowsSayWhatTheyAreAbout() throws IOException {
        Path run = Files.createDirectories(folder.resolve("run/ibp"));
        for (Path file : List.of(bounds("a.jsonl", FIRST, 0.1), folder.resolve("a.jsonl.run.json"))) {
            Files.copy(file, run.resolve(file.getFileName().toString().replace("a.", "epsilon-0.10.")));
        }
        RunFolder read = RunFolder.read(run.getParent());
        assertEquals("mnist", read.run().path("dataset").path("name").asText());
        assertEquals("run.json is missing, so what was left out is unknown.", read.missing().get(0));
    }

    @Test
    void givenRowsOfAnEarlierCall_whenReportedAgain_thenTheirSourceIsStillNamed() throws IOException {
        CollectedRows.into(target(), List.of(certified("a.tsv", FIRST, 0.5, 100),
                votesOf("a-votes.jsonl", FIRST, 0.5, 100)));
        assertEquals(List.of(), CollectedRows.into(target(), List.of(bounds("b.jsonl", SECOND, 0.1))));
        List<String> expected = List.of(
                "ibp/epsilon-0.10.jsonl: b.jsonl, of the network with SHA-256 222222222222; bulwark for b.jsonl",
                "smoothing/sigma-0.50.jsonl: also holds, from an earlier report, a-votes.jsonl",
                "smoothing/sigma-0.50.tsv: also holds, from an earlier report, a.tsv, of the network with SHA-256 "
                        + "111111111111; bulwark for a.tsv");
        assertEquals(expected, scope());
        CollectedRows.into(target(), List.of(folder.resolve("b.jsonl")));
        assertEquals(expected, scope(), "said once, whatever call it is");
    }

    @Test
    void givenAFolderOfAnEarlierVersion_whenReportedAgain_thenNetworkAndCommandAreNamed() throws IOException {
        CollectedRows.into(target(), List.of(bounds("a.jsonl", FIRST, 0.1)));
        Files.writeString(target().resolve("run.json"), "{\"collected\":[\"ibp/epsilon-0.10.jsonl\"],\"scope\":[]}");
        CollectedRows.into(target(), List.of(bounds("b.jsonl", FIRST, 0.2)));
        assertTrue(scope().get(1).contains("network with SHA-256 111111111111; bulwark for a.jsonl"), scope().toString());
    }

    @Test
    void givenRowsThatReplaceOthers_whenReported_thenOneLineUnlessTheyAreTheSameFilesOfTheSameNetwork() throws IOException {
        Path rows = bounds("a.jsonl", FIRST, 0.1);
        assertEquals(List.of(), CollectedRows.into(target(), List.of(rows)));
        assertEquals(List.of(), CollectedRows.into(target(), List.of(rows)));
        List<String> other = CollectedRows.into(target(), List.of(bounds("b.jsonl", SECOND, 0.1)));
        assertEquals(List.of(target().resolve("ibp/epsilon-0.10.jsonl") + ": rows of b.jsonl, of the network with SHA-256 "
                + "222222222222 replace those of a.jsonl, of the network with SHA-256 111111111111"), other);
        assertEquals(1, CollectedRows.into(target(), List.of(bounds("b.jsonl", FIRST, 0.1))).size(), "another network");
        try (RowFile<BoundsRow> more = RowFile.resume(folder.resolve("b.jsonl"), BoundsRow.FORMAT)) {
            more.append(SampleRows.bounds(1, 0.1, 0, 1, false));
        }
        assertEquals(List.of(), CollectedRows.into(target(), List.of(folder.resolve("b.jsonl"))),
                "the same, with more rows");
    }

    @Test
    void givenVotesOfAnotherNetwork_whenItsRowsAreReplaced_thenTheyGoToo() throws IOException {
        CollectedRows.into(target(), List.of(certified("a.tsv", FIRST, 0.5, 100), votesOf("v.jsonl", FIRST, 0.5, 100)));
        List<String> notes = CollectedRows.into(target(), List.of(certified("b.tsv", SECOND, 0.5, 100)));
        assertTrue(notes.size() == 1 && notes.get(0).endsWith(", whose votes are removed"), notes.toString());
        assertFalse(Files.exists(target().resolve("smoothing/sigma-0.50.jsonl")));
        RunFolder.read(target());
    }

    @Test
    void givenRowsOnFewerSamples_whenCollectedBesideOthers_thenEachIsHeldAgainstItsOwnRecord() throws IOException {
        CollectedRows.into(target(), List.of(certified("many.tsv", FIRST, 0.5, 100_000)));
        CollectedRows.into(target(), List.of(certified("few.tsv", FIRST, 0.25, 20)));
        RunFolder.read(target());
    }

    @Test
    void givenRowsOfOtherImages_whenReportedIntoTheSameFolder_thenRefused() throws IOException {
        CollectedRows.into(target(), List.of(bounds("a.jsonl", FIRST, 0.1)));
        Path other = bounds("b.jsonl", FIRST, 0.2, "digits");
        String complaint = assertThrows(RowException.class, () -> CollectedRows.into(target(), List.of(other))).getMessage();
        assertTrue(complaint.contains("holds rows of other images, of mnist"), complaint);
        assertFalse(Files.exists(target().resolve("ibp/epsilon-0.20.jsonl")));
    }

    @Test
    void givenPredictions_whenFoundInAFolder_thenLeftOutWithANoteAndWhenNamedRefused() throws IOException {
        Path rows = bounds("a.jsonl", FIRST, 0.1);
        Path predictions = Files.writeString(folder.resolve("p.tsv"), "idx\tlabel\tpredict\tcorrect\ttime\n");
        recorded(predictions, "{\"run\":\"predict\"}");
        CollectedRows.Found found = CollectedRows.in(folder);
        assertEquals(List.of(rows), found.files());
        assertEquals(List.of(predictions + " is left out: rows of predict make no report"), found.notes());
        String complaint = assertThrows(RowException.class, () -> CollectedRows.into(target(), List.of(predictions)))
                .getMessage();
        assertTrue(complaint.contains("is of predict, so leave it out"), complaint);
        Files.delete(rows);
        assertThrows(RowException.class, () -> CollectedRows.in(folder));
    }

    private Path attacks(String name, String network, double epsilon) throws IOException {
        Path file = folder.resolve(name);
        try (RowFile<AttackRow> rows = RowFile.replace(file, AttackRow.FORMAT)) {
            rows.append(SampleRows.attack(0, 0, false));
        }
        return recorded(file, "{\"run\":\"attack\",\"epsilon\":" + epsilon + ",\"dataset\":\"mnist\""
                + (network.isEmpty() ? "" : ",\"model_sha256\":\"" + network + "\"") + "}");
    }

    private void assertRefused(Path one, Path other, Path... files) {
        String complaint = assertThrows(RowException.class, () -> CollectedRows.into(target(), List.of(files))).getMessage();
        assertEquals(1, complaint.lines().count(), complaint);
        for (String part : List.of(one.toString(), other.toString(), "111111111111", "222222222222", "report them apart")) {
            assertTrue(complaint.contains(part), complaint);
        }
    }

    @Test
    void givenBoundsAndAttacksOfTwoNetworksAtOneRadius_whenCollected_thenRefusedWithBothNamesAndNothingWritten()
            throws IOException {
        Path bounds = bounds("b.jsonl", FIRST, 0.1);
        Path attacks = attacks("a.jsonl", SECOND, 0.1);
        assertRefused(bounds, attacks, bounds, attacks);
        assertRefused(bounds, attacks, attacks, bounds);
        assertFalse(Files.exists(target()));
    }

    @Test
    void givenBoundsOfTwoMethodsAndNetworksAtOneRadius_whenCollected_thenRefused() throws IOException {
        Path ibp = bounds("b.jsonl", FIRST, 0.1);
        Path crown = bounds("c.jsonl", SECOND, 0.1);
        recorded(crown, Files.readString(RunLayout.recordOf(crown)).replaceFirst(".*\"identity\":(\\{[^}]*}).*", "$1")
                .replace("\"ibp\"", "\"crown\""));
        assertRefused(ibp, crown, ibp, crown);
    }

    @Test
    void givenAttacksOfAnotherNetworkFromAnEarlierCall_whenBoundsFollow_thenRefusedAndTheFolderStays() throws IOException {
        CollectedRows.into(target(), List.of(attacks("a.jsonl", SECOND, 0.1)));
        String before = Files.readString(target().resolve("run.json"));
        Path bounds = bounds("b.jsonl", FIRST, 0.1);
        assertRefused(bounds, target().resolve("pgd/epsilon-0.10.jsonl"), bounds);
        assertEquals(before, Files.readString(target().resolve("run.json")));
        assertFalse(Files.exists(target().resolve("ibp/epsilon-0.10.jsonl")));
        CollectedRows.into(target(), List.of(bounds, attacks("a2.jsonl", FIRST, 0.1)));
    }

    @Test
    void givenOneNetworkOrOtherRadiiOrARecordWithoutANetwork_whenCollected_thenTaken() throws IOException {
        CollectedRows.into(target(), List.of(bounds("b.jsonl", FIRST, 0.1), attacks("a.jsonl", FIRST, 0.1),
                attacks("a2.jsonl", SECOND, 0.2), bounds("b3.jsonl", FIRST, 0.3), attacks("a3.jsonl", "", 0.3)));
        assertEquals(3, RunFolder.read(target()).ibp().size());
    }

    @Test
    void givenAFolderOfAnEarlierVersionThatMixesNetworks_whenRead_thenRefused() throws IOException {
        CollectedRows.into(target(), List.of(bounds("b.jsonl", FIRST, 0.1), attacks("a.jsonl", FIRST, 0.1)));
        Path record = RunLayout.recordOf(target().resolve("pgd/epsilon-0.10.jsonl"));
        Files.writeString(record, Files.readString(record).replace(FIRST, SECOND));
        assertTrue(assertThrows(RowException.class, () -> RunFolder.read(target())).getMessage()
                .contains("report them apart"));
    }
}
