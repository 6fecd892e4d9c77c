package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.data.DataException;
import dev.bulwark.results.RowException;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

/** Settings have options on the command line, and there alone. */
class OptionNamesTest {

    private static final Path SOURCES = Path.of("src", "main", "java", "dev", "bulwark");
    /** Text in double quotes that names an option. */
    private static final Pattern NAMES_AN_OPTION = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*--[a-z](?:[^\"\\\\]|\\\\.)*\"");

    private static Stream<CommandLine> commands(CommandLine command) {
        return Stream.concat(Stream.of(command),
                command.getSubcommands().values().stream().flatMap(OptionNamesTest::commands));
    }

    @ParameterizedTest
    @EnumSource
    void givenASetting_whenNamed_thenSomeCommandHasTheOption(Setting setting) {
        String option = OptionNames.of(setting);
        assertTrue(commands(new CommandLine(new BulwarkCommand(new String[0])))
                .anyMatch(command -> command.getCommandSpec().findOption(option) != null), option);
    }

    @Test
    void givenAFailureThatNamesSettings_whenExplained_thenItsOptionsAreNamedHereAlone() {
        Message message = Message.of("name another", Setting.DATA.with(), ", or ", Setting.RESUME);
        for (RuntimeException failure : List.of(new ExperimentException(message), new DataException(message))) {
            assertEquals("name another, or resume", failure.getMessage());
            assertEquals("name another with --data, or --resume", Explanation.of(failure));
        }
        RowException rows = new RowException(Path.of("rows"), message);
        assertEquals("rows: name another, or resume", rows.getMessage());
        assertEquals("rows: name another with --data, or --resume", Explanation.of(rows));
    }

    @Test
    void givenSourcesBelowTheCommandLine_whenSearched_thenNoTextNamesAnOption() throws IOException {
        assumeTrue(Files.isDirectory(SOURCES), "no sources here");
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                if (!file.startsWith(SOURCES.resolve("cli"))) {
                    Files.readAllLines(file).stream().map(String::strip)
                            .filter(line -> !line.startsWith("*") && !line.startsWith("//"))
                            .filter(line -> NAMES_AN_OPTION.matcher(line).find())
                            .forEach(line -> found.add(file + ": " + line));
                }
            }
        }
        assertEquals(List.of(), found);
        assertFalse(NAMES_AN_OPTION.matcher("\"a -- b\"").find());
        assertTrue(NAMES_AN_OPTION.matcher("x(\"drop --resume\")").find());
    }
}
