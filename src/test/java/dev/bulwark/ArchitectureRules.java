package dev.bulwark;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.elements.ClassesShouldConjunction;
import java.nio.file.CopyOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The layout as rules, for any root package, so that they can be tried on samples that break them. Rules hold for
 * packages that have no classes yet.
 */
final class ArchitectureRules {

    /** Imports point down this list; packages that share a line ignore one another. */
    private static final List<List<String>> LAYERS = List.of(
            List.of("cli"),
            List.of("lab"),
            List.of("report", "bench"),
            List.of("runs"),
            List.of("results"),
            List.of("api"),
            List.of("training", "properties"),
            List.of("smoothing", "bounds", "attack"),
            List.of("plan"),
            List.of("model"),
            List.of("data"),
            List.of("stats"),
            List.of("device"),
            List.of("shapes"),
            List.of("settings"),
            List.of("audit"),
            List.of("files"));

    private final String root;
    private final Map<String, ArchRule> rules = new LinkedHashMap<>();

    private ArchitectureRules(String root) {
        this.root = root;
        addPlaces();
        addLayers();
        addLibraries();
        addBannedCalls();
    }

    /** Rules by a name that says what they demand, for the packages below {@code root}. */
    static Map<String, ArchRule> of(String root) {
        return Collections.unmodifiableMap(new ArchitectureRules(root).rules);
    }

    private void addPlaces() {
        String[] known = Stream.concat(LAYERS.stream().flatMap(List::stream), Stream.of("model.io", "model.io.onnx", "model.io.vnnlib", "device.cpu", "device.cuda"))
                .map(name -> root + "." + name)
                .toArray(String[]::new);
        add("classes live in the layout's packages", classes().should().resideInAnyPackage(known));
        rules.put("packages have no cycles",
                slices().matching(root + ".(**)").should().beFreeOfCycles().allowEmptyShould(true));
    }

    private void addLayers() {
        List<String> above = new ArrayList<>();
        for (List<String> layer : LAYERS) {
            for (String name : layer) {
                List<String> forbidden = new ArrayList<>(above);
                layer.stream().filter(other -> !other.equals(name)).map(this::tree).forEach(forbidden::add);
                if (!forbidden.isEmpty()) {
                    add(name + " imports nothing above or beside it", noClasses().that().resideInAPackage(tree(name))
                            .should().dependOnClassesThat().resideInAnyPackage(forbidden.toArray(String[]::new)));
                }
            }
            layer.stream().map(this::tree).forEach(above::add);
        }
        for (String alone : List.of("stats", "shapes", "model.io.vnnlib")) {
            add(alone + " imports nothing of ours", noClasses().that().resideInAPackage(tree(alone))
                    .should(dependOnClassesThat(resideInAPackage(root + "..").and(not(resideInAPackage(tree(alone)))))));
        }
        add("the checker of certificates shares no code with what makes them", noClasses().that().resideInAPackage(tree("audit"))
                .should(dependOnClassesThat(resideInAPackage(root + "..").and(not(resideInAPackage(tree("audit"))))
                        .and(not(resideInAPackage(tree("files")))))));
        add("what makes certificates shares no code with their checker", noClasses().that().resideInAnyPackage(
                Stream.of("api", "training", "properties", "smoothing", "bounds", "attack", "plan", "model", "data", "device")
                        .map(this::tree).toArray(String[]::new))
                .should().dependOnClassesThat().resideInAPackage(tree("audit")));
        add("report is made from rows alone", noClasses().that().resideInAPackage(tree("report"))
                .should().dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(Stream.of("runs", "training", "smoothing", "plan",
                        "model", "data", "device").map(this::tree).toArray(String[]::new))
                        .and(DescribedPredicate.not(JavaClass.Predicates.simpleName("Norm"))))); // rows name the norm of their ball
        add("only model.io sees model.io.onnx", noClasses().that().resideOutsideOfPackage(tree("model.io"))
                .should().dependOnClassesThat().resideInAPackage(tree("model.io.onnx")));
        for (String backend : List.of("device.cpu", "device.cuda")) {
            add("only api and cli see " + backend, noClasses()
                    .that().resideOutsideOfPackages(tree("api"), tree("cli"), tree(backend))
                    .should().dependOnClassesThat().resideInAPackage(tree(backend)));
        }
    }

    private void addLibraries() {
        addLibrary("jcuda", "device.cuda");
        addLibrary("org.bytedeco", "device.cpu");
        addLibrary("jdk.incubator.vector", "device.cpu");
        addLibrary("org.apache.commons.math3", "stats");
        addLibrary("ai.onnx", "model.io.onnx");
        addLibrary("com.google.protobuf", "model.io.onnx");
        addLibrary("org.knowm.xchart", "report");
        addLibrary("picocli", "cli");
        addLibrary("me.tongfei.progressbar", "cli");
    }

    private void addLibrary(String library, String importer) {
        add("only " + importer + " imports " + library, noClasses().that().resideOutsideOfPackage(tree(importer))
                .should().dependOnClassesThat().resideInAPackage(library + ".."));
    }

    private void addBannedCalls() {
        add("only cli.Main exits", noClasses().that().doNotHaveFullyQualifiedName(root + ".cli.Main")
                .should().callMethod(System.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "halt", int.class));
        // The native libraries' own folder has stricter rules than files that users are to read.
        add("only files takes digests and replaces files", noClasses()
                .that().resideOutsideOfPackages(tree("files"), tree("device.cuda"))
                .should().callMethod(MessageDigest.class, "getInstance", String.class)
                .orShould().callMethod(Files.class, "move", Path.class, Path.class, CopyOption[].class));
        // A generator with state of its own can't give the value at (seed, stream, counter).
        add("randomness is counter-based: no generators of the JDK", noClasses()
                .should().dependOnClassesThat().areAssignableTo(RandomGenerator.class));
        add("randomness is counter-based: no hidden generators", noClasses()
                .should().callMethod(Math.class, "random")
                .orShould().callMethod(StrictMath.class, "random")
                .orShould().callMethod(ThreadLocalRandom.class, "current")
                .orShould().callMethod(Collections.class, "shuffle", List.class));
    }

    private void add(String name, ClassesShouldConjunction rule) {
        rules.put(name, rule.allowEmptyShould(true));
    }

    private String tree(String name) {
        return root + "." + name + "..";
    }
}
