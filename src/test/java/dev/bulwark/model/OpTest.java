package dev.bulwark.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What every kind of operation must hold to. */
class OpTest {

    private static final List<Op> SOME = List.of(
            new Op.Dense(Tensor.zeros(2, 3), Tensor.zeros(2)),
            new Op.Conv2d(Tensor.zeros(2, 3, 1, 1), Tensor.zeros(2), Windows.square(1, 1), 1),
            new Op.BatchNorm(Tensor.zeros(2), Tensor.zeros(2), Tensor.zeros(2), Tensor.vector(1, 1), 0.1),
            Op.Scale.by(Tensor.zeros(2), Tensor.zeros(2)));

    private static String complaint(Executable action) {
        return assertThrows(IllegalArgumentException.class, action).getMessage();
    }

    /** A tensor that is not among the constants would be left out of files' rounding and of counts. */
    @Test
    void givenAKindWithTensors_whenAskedForConstants_thenEachTensorIsOne() throws ReflectiveOperationException {
        for (Class<?> kind : Op.class.getPermittedSubclasses()) {
            long tensors = kind.isRecord() ? Arrays.stream(kind.getRecordComponents()).map(RecordComponent::getType)
                    .filter(Tensor.class::equals).count() : 0;
            List<Op> of = SOME.stream().filter(kind::isInstance).toList();
            assertEquals(tensors > 0, !of.isEmpty(), kind + " needs an example here");
            for (Op op : of) {
                assertEquals(tensors, op.constants().size(), kind.toString());
                Op changed = op.withConstants((name, constant) -> Tensor.of(constant.shape(), ones(constant.size())));
                assertTrue(changed.constants().stream().allMatch(constant -> constant.at(0) == 1), kind.toString());
            }
        }
    }

    private static float[] ones(int size) {
        float[] ones = new float[size];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void givenFactorsBeyondTheLargestFloat_whenMade_thenTheChannelIsNamed() {
        Tensor one = Tensor.vector(1, 1);
        assertTrue(complaint(() -> new Op.Scale(Tensor.vector(1, 1e30f), Tensor.vector(1, 1e-30f), one))
                .startsWith("the factor of a scaling would be 1.0"));
        assertTrue(complaint(() -> new Op.BatchNorm(Tensor.vector(1, 1e38f), one, one, Tensor.vector(1, 1e-45f), 0))
                .contains("in channel 1, beyond the largest float"));
        assertTrue(complaint(() -> new Op.Scale(one, Tensor.vector(1, 0), one)).contains("can't divide by 0"));
    }

    @Test
    void givenARearrangementThatNamesAnElementTwiceOrNone_whenApplied_thenItIsNamed() {
        List<Shape> two = List.of(Shape.of(2));
        assertEquals(Shape.of(1, 3, 1), new Op.Rearrange(new int[] {1, -1, 0}, Shape.of(1, 3, 1)).outputShape(two));
        assertTrue(complaint(() -> new Op.Rearrange(new int[] {1, 1}, Shape.of(2)).outputShape(two)).contains("twice"));
        assertTrue(complaint(() -> new Op.Rearrange(new int[] {2, 1}, Shape.of(2)).outputShape(two))
                .contains("has no such element"));
        assertTrue(complaint(() -> new Op.Rearrange(new int[] {0, 1, -1}, Shape.of(2))).contains("has 2 elements, not 3"));
    }

    @Test
    void givenAPoolingWithAWindowOutsideTheImage_whenApplied_thenItIsRefusedUnlessZerosCount() {
        Windows windows = Windows.square(2, 1, 2);
        List<Shape> image = List.of(Shape.of(1, 3, 3));
        assertTrue(complaint(() -> new Op.MaxPool2d(windows).outputShape(image))
                .contains("has a window that lies outside it"));
        assertTrue(complaint(() -> new Op.AveragePool2d(windows, false).outputShape(image)).contains("outside it"));
        assertEquals(Shape.of(1, 6, 6), new Op.AveragePool2d(windows, true).outputShape(image));
    }
}
