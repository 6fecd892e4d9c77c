package dev.bulwark.data;

/** The two halves of a data set. The ordinal is part of the generated digits' random counter: only append. */
public enum Split {
    /** What networks are trained on. */
    TRAIN,
    /** What is certified and reported; never trained on. */
    TEST
}
