package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Indexing;
import dev.bulwark.shapes.ImageShape;
import java.util.ArrayList;
import java.util.List;

/** Copies of rows, columns and images by their indices: elementwise.cu and, of images through affine maps, resampling.cu. */
final class CudaIndexing implements Indexing {

    /** One block's: rows are short. */
    private static final int THREADS_OF_COPIES = 256;

    private final Kernel gather;
    private final Kernel gatherColumns;
    private final Kernel copyRows;
    private final Kernel resample;

    CudaIndexing(KernelModule elementwise, KernelModule resampling) {
        gather = elementwise.kernel("gather");
        gatherColumns = elementwise.kernel("gather_columns");
        copyRows = elementwise.kernel("copy_rows");
        resample = resampling.kernel("resample");
    }

    @Override
    public void gather(DeviceBuffer source, DeviceBuffer rows, int count, int columns, DeviceBuffer target) {
        long length = (long) count * columns;
        gather.launch(Grid.over(length), source, rows.require("rows", count), target.require("target", length),
                count, columns);
    }

    @Override
    public void gatherColumns(DeviceBuffer source, int rows, int width, DeviceBuffer columns, int count,
                              DeviceBuffer target) {
        long length = (long) rows * count;
        gatherColumns.launch(Grid.over(length), source.require("source", (long) rows * width),
                columns.require("columns", count), target.require("target", length), rows, width, count);
    }

    @Override
    public void copyRows(DeviceBuffer row, int advance, RowCopy... copies) {
        if (copies.length > MOST_ROW_COPIES) {
            throw new IllegalArgumentException(copies.length + " copies of rows, of which " + MOST_ROW_COPIES
                    + " go at a time");
        }
        RowCopy nothing = new RowCopy(row, 0, row, 0, 0);
        List<Object> arguments = new ArrayList<>(List.of(row.require("row", 1), advance));
        for (int i = 0; i < MOST_ROW_COPIES; ++i) {
            RowCopy copy = i < copies.length ? copies[i] : nothing;
            arguments.addAll(List.of(copy.source(), copy.sourceStride(), copy.target(), copy.targetStride(), copy.length()));
        }
        copyRows.launch(Grid.blocks(1, 1, THREADS_OF_COPIES), arguments.toArray());
    }

    @Override
    public void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer rows, int count, ImageShape image,
                         DeviceBuffer target) {
        long length = (long) count * image.size();
        resample.launch(Grid.over(length), source, maps, rows.require("rows", count), count, image.channels(),
                image.height(), image.width(), target.require("target", length));
    }
}
