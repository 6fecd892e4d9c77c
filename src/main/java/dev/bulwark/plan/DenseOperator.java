package dev.bulwark.plan;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.Relaxation;
import java.util.Optional;

/** A dense layer. Its weight is {@code [outputs,inputs]}. */
record DenseOperator(Backend backend, Affine affine) implements LearnedOperator {

    @Override
    public int inputs() {
        return affine.in();
    }

    @Override
    public int outputs() {
        return affine.out();
    }

    @Override
    public void apply(DeviceBuffer x, int rows, boolean relu, DeviceBuffer y) {
        backend.linear().affine(x, rows, affine, relu, y);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer target) {
        backend.linearRelaxations().backwardAffine(a, rows, affine, target);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, DeviceBuffer owners, Relaxation relu, DeviceBuffer target) {
        backend.linearRelaxations().backwardAffine(a, rows, affine, owners, relu, target);
    }

    @Override
    public int transposedRoundings() {
        return backend.linearRelaxations().roundings(affine.out());
    }

    @Override
    public Enclosure enclosure() {
        return backend.outwardIntervals().prepare(affine);
    }

    @Override
    public boolean enter(DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        backend.linearRelaxations().enter(affine, forms, rows, target, constants);
        return true;
    }

    @Override
    public void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, LearnedOperator target) {
        Affine gradients = ((DenseOperator) target).affine;
        backend.linear().multiply(true, false, affine.out(), affine.in(), rows, gradient, x, 0f, gradients.weight());
        backend.reductions().columnSums(gradient, rows, affine.out(), 0f, gradients.bias());
    }

    @Override
    public DeviceBuffer biases(DeviceMemory memory) {
        return affine.bias();
    }

    @Override
    public DeviceBuffer weight() {
        return affine.weight();
    }

    @Override
    public Optional<Affine> dense() {
        return Optional.of(affine);
    }

    @Override
    public DeviceBuffer bias() {
        return affine.bias();
    }

    @Override
    public LearnedOperator with(DeviceMemory memory, float[] weight, float[] bias) {
        return new DenseOperator(backend, new Affine(memory.holding(weight), memory.holding(bias), affine.in(),
                affine.out()));
    }
}
