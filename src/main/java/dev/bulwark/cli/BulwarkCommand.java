package dev.bulwark.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bulwark}: nothing without a command. */
@Command(name = "bulwark", versionProvider = Version.class, mixinStandardHelpOptions = true,
        description = "Certified robustness of neural networks: randomized smoothing (L2), and bounds (L-infinity, L2, L1).",
        subcommands = {ReproduceCommand.class, TrainCommand.class, CertifyCommand.class, PredictCommand.class,
            VerifyCommand.class, AttackCommand.class, TradeoffCommand.class, ReportCommand.class, RadiusCommand.class,
            InspectCommand.class, ConvertCommand.class, AuditCommand.class, BenchCommand.class, DevicesCommand.class, HelpCommand.class},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:anything else that failed, a broken certificate included", "2:usage",
            "3:bad data or model", "4:device unavailable or lost", "130:stopped by Ctrl-C; --resume goes on"})
final class BulwarkCommand implements Runnable {

    private final String[] arguments;

    @Spec
    private CommandSpec spec;

    /** @param arguments the whole command line, for provenance */
    BulwarkCommand(String[] arguments) {
        this.arguments = arguments.clone();
    }

    /** The command that {@code spec} is of, or of which it is a part. */
    static BulwarkCommand above(CommandSpec spec) {
        return (BulwarkCommand) spec.root().userObject();
    }

    /** As a record has it. */
    String commandLine() {
        return "bulwark " + String.join(" ", arguments);
    }

    /** Everything that was typed behind the launcher. */
    List<String> arguments() {
        return List.of(arguments);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is needed: "
                + String.join(", ", spec.subcommands().keySet()));
    }
}
