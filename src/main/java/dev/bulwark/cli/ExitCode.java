package dev.bulwark.cli;

import dev.bulwark.audit.AuditException;
import dev.bulwark.data.DataException;
import dev.bulwark.device.DeviceException;
import dev.bulwark.files.InUseException;
import dev.bulwark.model.io.ModelException;
import dev.bulwark.results.RowException;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.training.CheckpointException;

/** What the process ends with, for scripts to tell failures apart. */
enum ExitCode {

    DONE(0),
    OTHER(1),
    USAGE(2),
    BAD_DATA_OR_MODEL(3),
    DEVICE(4);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static ExitCode of(Throwable failure) {
        if (failure instanceof ExperimentException || failure instanceof InUseException) {
            return USAGE;
        }
        if (failure instanceof DataException || failure instanceof ModelException || failure instanceof RowException
                || failure instanceof CheckpointException || failure instanceof AuditException) {
            return BAD_DATA_OR_MODEL;
        }
        return failure instanceof DeviceException ? DEVICE : OTHER;
    }
}
