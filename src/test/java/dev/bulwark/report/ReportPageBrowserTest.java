package dev.bulwark.report;

import dev.bulwark.results.Gallery;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.lab.LabReport;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.GalleryTest;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SmoothingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report as a browser shows it. */
class ReportPageBrowserTest {

    private static final String HOSTILE = "</script><script>window.pwned=1</script><img src=x "
            + "onerror=window.pwned=2><!--\u2028";

    private static Browser browser;

    @TempDir
    private static Path standard;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        Optional<Path> program = Browser.find();
        if (program.isEmpty()) {
            abort("no Chromium, so report.html was not shown: install the package chromium");
        }
        try {
            browser = Browser.start(program.get());
        } catch (IOException e) {
            abort(e.getMessage());
        }
        givenRun(standard, "mnist", "bulwark reproduce");
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void openThePage() {
        browser.open(standard.resolve("report.html"));
        browser.look(1000, false);
    }

    @AfterEach
    void noComplaints() {
        assertEquals(List.of(), browser.complaints());
    }

    @Test
    void givenACurve_whenPointedAt_thenTheTipCountsTheRows() {
        // Radii 0, 0.2, 0.4 and 0.6 of four images: two reach r = 0.25 to 0.4.
        browser.hover("#curves .plot svg", 0.45, 0.5);
        String tip = browser.text("#curves .tip");
        double r = Double.parseDouble(tip.substring(4, 8));
        assertTrue(r > 0.2 && r < 0.4, tip);
        assertTrue(tip.contains("50.0%2 of 4"), tip);
    }

    @Test
    void givenTheFocusedFigure_whenArrowsPressed_thenTheRadiusMovesAndIsSpoken() {
        browser.evaluate("document.querySelector('#curves .plot').focus()");
        browser.press("Home");
        browser.press("ArrowRight");
        assertEquals("0.01", browser.evaluate("document.querySelector('#curves .plot').ariaValueNow").asText());
        String spoken = browser.evaluate("document.querySelector('#curves .plot').ariaValueText").asText();
        assertTrue(spoken.startsWith("r = 0.01") && spoken.contains("75.0% 3 of 4"), spoken);
    }

    @Test
    void givenAnotherRadius_whenChosen_thenTheTradeoffIsDrawnForIt() {
        browser.click("#radii button:first-child");
        assertEquals("0.25", browser.text("#radius-value"));
        assertEquals("true", browser.evaluate("document.querySelector('#radii button:first-child').ariaPressed")
                .asText());
        String point = browser.evaluate("document.querySelector('#tradeoff g[role=img]:last-of-type').ariaLabel")
                .asText();
        assertTrue(point.contains("r = 0.25: measured 50.0% 2 of 4") && point.contains("lab report 72.4%"), point);
        browser.evaluate("(e => { e.value = '0.7'; e.dispatchEvent(new Event('input')); "
                + "})(document.querySelector('#radius'))");
        assertEquals("0.70", browser.text("#radius-value"));
    }

    @Test
    void givenTheGallery_whenAnImageIsOpened_thenItsDialogShowsEveryView() {
        browser.click("#smoothed button");
        browser.await("document.querySelector('#exhibit').open");
        assertEquals("A 7: abstention at \u03c3 = 0.25", browser.text("#exhibit-title"));
        assertEquals(2, browser.evaluate("document.querySelectorAll('#exhibit canvas').length").asInt());
        browser.press("Escape");
        browser.evaluate("document.querySelector('#exhibit .close').click()");
        assertFalse(browser.evaluate("document.querySelector('#exhibit').open").asBoolean());
        assertEquals(3, browser.evaluate("document.querySelectorAll('#attacked canvas').length").asInt());
    }

    @Test
    void givenColourImages_whenShown_thenInColourAtTheirOwnAspect(@TempDir Path folder) throws IOException {
        givenRun(folder, "custom", "bulwark reproduce", GalleryTest.colour(2, 4));
        browser.open(folder.resolve("report.html"));
        String canvas = "document.querySelector('#smoothed canvas')";
        assertEquals("4 x 2", browser.evaluate(canvas + ".width + ' x ' + " + canvas + ".height").asText());
        assertEquals(2, browser.evaluate(canvas + ".clientWidth / " + canvas + ".clientHeight").asDouble(), 0.05);
        // Element k of the image is k / 23, the channels one after the other.
        String pixels = browser.evaluate("Array.from(" + canvas + ".getContext('2d').getImageData(0, 0, 4, 2).data).join()")
                .asText();
        assertTrue(pixels.startsWith("0,89,177,255,11,100,188,255,") && pixels.endsWith(",78,166,255,255"), pixels);
        assertTrue(browser.text("#smoothed button").startsWith("Class 6: abstention"), browser.text("#smoothed button"));
    }

    @Test
    void givenAPhone_whenShown_thenNothingIsWiderThanIt() {
        browser.look(390, false);
        browser.open(standard.resolve("report.html"));
        assertEquals(390, browser.evaluate("document.documentElement.scrollWidth").asInt());
    }

    @Test
    void givenADarkSystem_whenShown_thenDarkUnlessLightIsChosen() {
        String paper = "getComputedStyle(document.body).backgroundColor";
        String light = browser.evaluate(paper).asText();
        browser.look(1000, true);
        assertNotEquals(light, browser.evaluate(paper).asText());
        browser.click("#theme");
        assertEquals("Theme: light", browser.text("#theme"));
        assertEquals(light, browser.evaluate(paper).asText());
        browser.evaluate("localStorage.clear()");
    }

    @Test
    void givenMarkupInNames_whenShown_thenItIsTextAndNothingRan(@TempDir Path folder) throws IOException {
        givenRun(folder, HOSTILE, HOSTILE);
        browser.open(folder.resolve("report.html"));
        assertEquals("undefined", browser.evaluate("typeof window.pwned").asText());
        assertEquals(0, browser.evaluate("document.querySelectorAll('img').length").asInt());
        assertEquals(2, browser.evaluate("document.querySelectorAll('script').length").asInt());
        assertTrue(browser.text("h1").contains("<script>window.pwned=1</script>"));
        assertTrue(browser.text("#provenance").contains(HOSTILE + ", SHA-256"), "the model's name");
    }

    private static void givenRun(Path folder, String dataset, String command) throws IOException {
        givenRun(folder, dataset, command, SampleRows.gallery());
    }

    private static void givenRun(Path folder, String dataset, String command, Gallery gallery) throws IOException {
        try (RowFile<SmoothingRow> rows = RowFile.replace(folder.resolve("smoothing/sigma-0.25.tsv"),
                SmoothingRow.FORMAT)) {
            for (int i = 0; i < 4; ++i) {
                rows.append(SampleRows.radius(i, 0.2 * i));
            }
        }
        try (RowFile<BoundsRow> bounds = RowFile.replace(folder.resolve("ibp/epsilon-0.10.jsonl"), BoundsRow.FORMAT);
                RowFile<AttackRow> attacks = RowFile.replace(folder.resolve("pgd/epsilon-0.10.jsonl"),
                        AttackRow.FORMAT)) {
            bounds.append(SampleRows.bounds(0, 0.1, 0, 1, true));
            attacks.append(SampleRows.attack(0, 0, false));
        }
        gallery.write(folder);
        new ObjectMapper().writeValue(Files.createDirectories(folder).resolve("run.json").toFile(), Map.of(
                "dataset", Map.of("name", dataset), "command", command, "models", Map.of(command, "00"),
                "scope", List.of(command), "timings", Map.of(command, 1)));
        RunReport.rebuild(folder, LabReport::of);
    }
}
