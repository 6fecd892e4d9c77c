package dev.bulwark.cli;

import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.util.Locale;

/** What settings are called on the command line. */
final class OptionNames {

    private OptionNames() {
    }

    /** The option for a setting: each is named after its constant, as in {@code --step-size}. */
    static String of(Setting setting) {
        return "--" + setting.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A message with options for the settings that it names. */
    static String in(Message message) {
        return message.named(OptionNames::of);
    }

    /** What a failure says, with options for the settings that it names; null where it says nothing. */
    static String in(Throwable failure) {
        return failure instanceof Message.Carrier carrier ? in(carrier.explanation()) : failure.getMessage();
    }
}
