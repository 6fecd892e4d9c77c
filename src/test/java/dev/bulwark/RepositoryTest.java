package dev.bulwark;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the class files can't tell: packages describe themselves, and the top level stays short. */
class RepositoryTest {

    private static final Path SOURCES = Path.of("src", "main", "java");
    private static final Set<String> TOP_LEVEL =
            Set.of("pom.xml", "src", "cuda", "models", "scripts", "README.md", "LICENSE");

    /** Options are the command line's; programs that use these packages have none. */
    @Test
    void givenWhatOtherProgramsUse_whenItsTextsAreRead_thenNoneNamesAnOption() throws IOException {
        Pattern option = Pattern.compile("\"[^\"\n]*--[a-z][^\"\n]*\"");
        for (String name : List.of("api", "attack", "bounds", "data", "device", "model", "plan", "smoothing", "stats",
                "training")) {
            try (Stream<Path> files = Files.walk(SOURCES.resolve(Path.of("dev", "bulwark", name)))) {
                for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
                    Matcher found = option.matcher(Files.readString(file));
                    assertFalse(found.find(), () -> file + ": " + found.group());
                }
            }
        }
    }

    @Test
    void givenEveryPackage_whenListed_thenItHasAPackageInfo() throws IOException {
        Set<String> undescribed = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            files.filter(file -> file.toString().endsWith(".java"))
                    .map(Path::getParent)
                    .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
                    .forEach(folder -> undescribed.add(SOURCES.relativize(folder).toString()));
        }
        assertEquals(Set.of(), undescribed);
    }

    @Test
    void givenTrackedFiles_whenListed_thenTheTopLevelHoldsOnlyTheLayout() throws Exception {
        Set<String> strangers = trackedFiles().lines()
                .map(file -> file.split("/", 2)[0])
                .filter(name -> !name.startsWith(".") && !TOP_LEVEL.contains(name))
                .collect(toCollection(TreeSet::new));
        assertEquals(Set.of(), strangers);
    }

    /** Unquoted names; skips the test where git can't list them. */
    private static String trackedFiles() throws InterruptedException {
        try {
            Process git = new ProcessBuilder("git", "-c", "core.quotePath=false", "ls-files")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String names = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assumeTrue(git.waitFor() == 0, "not a git checkout");
            return names;
        } catch (IOException e) {
            return abort("git is not installed");
        }
    }
}
