package dev.bulwark;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The layout holds;and each rule of it rejects a sample, below {@code archsamples}, that breaks it. */
@DisplayName("Architecture")
class ArchitectureTest {

    private static final String PROJECT = "dev.bulwark";
    private static final String SAMPLES = "dev.bulwark.archsamples";

    private static final Map<String, ArchRule> RULES = ArchitectureRules.of(PROJECT);
    private static final Map<String, ArchRule> RULES_FOR_SAMPLES = ArchitectureRules.of(SAMPLES);

    private static JavaClasses project;
    private static JavaClasses samples;

    @BeforeAll
    static void importClasses() {
        project = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(PROJECT);
        samples = new ClassFileImporter().importPackages(SAMPLES);
    }

    static Stream<String> rules() {
        return RULES.keySet().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rules")
    void givenTheProject_whenChecked_thenTheRuleHolds(String rule) {
        EvaluationResult result = RULES.get(rule).evaluate(project);
        assertFalse(result.hasViolation(), () -> rule + ", but:\n" + result.getFailureReport());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rules")
    void givenSamplesThatBreakTheLayout_whenChecked_thenTheRuleFails(String rule) {
        assertTrue(RULES_FOR_SAMPLES.get(rule).evaluate(samples).hasViolation(), "nothing breaks: " + rule);
    }
}
