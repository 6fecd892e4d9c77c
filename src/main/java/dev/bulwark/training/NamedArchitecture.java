package dev.bulwark.training;

import java.util.List;

/**
 * Architectures that have a name. Strided convolutions stand where LeNet and its like pool by maximum: nothing is trained
 * through a maximum yet.
 */
public enum NamedArchitecture {

    /** Dense layers of 1024, 512 and 256 units. */
    MLP(Architecture.dense(List.of(1024, 512, 256))),

    /** The first of these layers as 16 channels of 7 x 7 windows, 3 apart: of an image of 28 x 28, 8 x 8 of them. */
    MLP_CONV(MLP.architecture.withStem(new Convolution(16, 7, 3))),

    /** Two strided convolutions and a dense layer, for training on a CPU. */
    CNN(new Architecture(List.of(new Convolution(32, 4, 2, 1), new Convolution(64, 4, 2, 1)), List.of(256))),

    /** The medium-sized network of Gowal et al. 2019, "Scalable verified training for provably robust image classification". */
    CNN_MEDIUM(new Architecture(List.of(new Convolution(32, 3, 1), new Convolution(32, 4, 2), new Convolution(64, 3, 1),
            new Convolution(64, 4, 2)), List.of(512, 512))),

    /** CNN7 of Shi et al. 2021 and CTBench (Mao et al. 2024), without its batch normalisation. */
    CNN7(new Architecture(List.of(new Convolution(64, 3, 1, 1), new Convolution(64, 3, 1, 1), new Convolution(128, 3, 2, 1),
            new Convolution(128, 3, 1, 1), new Convolution(128, 3, 1, 1)), List.of(512))),

    /** LeNet's sizes: 20 and 50 channels of 5 x 5 windows, 500 units, with a stride of 2 in place of pooling. */
    LENET(new Architecture(List.of(new Convolution(20, 5, 2, 2), new Convolution(50, 5, 2, 2)), List.of(500))),

    /** Two residual blocks behind a convolution, for training on a CPU. */
    RESNET(new Architecture(List.of(new Convolution(16, 3, 2, 1), new Residual(32, 2), new Residual(32, 1)), List.of(256)));

    private final Architecture architecture;

    NamedArchitecture(Architecture architecture) {
        this.architecture = architecture;
    }

    public Architecture architecture() {
        return architecture;
    }
}
