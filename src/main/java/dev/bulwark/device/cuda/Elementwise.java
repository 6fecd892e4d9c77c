package dev.bulwark.device.cuda;

import dev.bulwark.device.Backend;
import dev.bulwark.device.Backend.RowCopy;
import dev.bulwark.device.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;

/** Operations in which every element of the result depends on the same element of the operands: elementwise.cu. */
final class Elementwise {

    /** One block's: rows are short. */
    private static final int THREADS_OF_COPIES = 256;

    private final Kernel relu;
    private final Kernel reluGradient;
    private final Kernel absolute;
    private final Kernel addSigned;
    private final Kernel signedStep;
    private final Kernel gather;
    private final Kernel gatherColumns;
    private final Kernel copyRows;

    Elementwise(KernelModule module) {
        relu = module.kernel("relu");
        reluGradient = module.kernel("relu_gradient");
        absolute = module.kernel("absolute");
        addSigned = module.kernel("add_signed");
        signedStep = module.kernel("signed_step");
        gather = module.kernel("gather");
        gatherColumns = module.kernel("gather_columns");
        copyRows = module.kernel("copy_rows");
    }

    void relu(DeviceBuffer x, long length) {
        relu.launch(Grid.over(length), x.require("x", length), length);
    }

    void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient) {
        reluGradient.launch(Grid.over(length), y.require("y", length), gradient.require("gradient", length), length);
    }

    void absolute(DeviceBuffer x, long length, DeviceBuffer target) {
        absolute.launch(Grid.over(length), x.require("x", length), target.require("target", length), length);
    }

    void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target) {
        addSigned.launch(Grid.over(length), x.require("x", length), signs.require("signs", length),
                target.require("target", length), length);
    }

    void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step, DeviceBuffer lower, DeviceBuffer upper) {
        signedStep.launch(Grid.over(length), x.require("x", length), gradient.require("gradient", length),
                lower.require("lower", length), upper.require("upper", length), step, length);
    }

    void gather(DeviceBuffer source, DeviceBuffer rows, int count, int columns, DeviceBuffer target) {
        long length = (long) count * columns;
        gather.launch(Grid.over(length), source, rows.require("rows", count), target.require("target", length),
                count, columns);
    }

    void gatherColumns(DeviceBuffer source, int rows, int width, DeviceBuffer columns, int count, DeviceBuffer target) {
        long length = (long) rows * count;
        gatherColumns.launch(Grid.over(length), source.require("source", (long) rows * width),
                columns.require("columns", count), target.require("target", length), rows, width, count);
    }

    void copyRows(DeviceBuffer row, int advance, RowCopy... copies) {
        if (copies.length > Backend.MOST_ROW_COPIES) {
            throw new IllegalArgumentException(copies.length + " copies of rows, of which " + Backend.MOST_ROW_COPIES
                    + " go at a time");
        }
        RowCopy nothing = new RowCopy(row, 0, row, 0, 0);
        List<Object> arguments = new ArrayList<>(List.of(row.require("row", 1), advance));
        for (int i = 0; i < Backend.MOST_ROW_COPIES; ++i) {
            RowCopy copy = i < copies.length ? copies[i] : nothing;
            arguments.addAll(List.of(copy.source(), copy.sourceStride(), copy.target(), copy.targetStride(), copy.length()));
        }
        copyRows.launch(Grid.blocks(1, 1, THREADS_OF_COPIES), arguments.toArray());
    }
}
