package dev.bulwark.results;

/** What a run says about one image. */
public sealed interface Row permits SmoothingRow, PredictionRow, CertificateRow, BoundsRow, ProofRow, AttackRow {

    /** Position of the image in its data set; an image has at most one row in a file. */
    int index();

    /** The image's true class. */
    int label();
}
