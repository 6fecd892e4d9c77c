/**
 * What a run leaves: the rows, one an image, and the files and folders that hold them. One owner each for the fields of a
 * row, the lines of a row file, who may continue or replace a file, what a row may claim, and the check that no certified
 * image was broken.
 *
 * <p>It computes no result and prints no table: rows come from runs, and reports read them here. It may import the methods
 * that rows speak of ({@code smoothing}, {@code bounds}, {@code attack}), {@code stats} and {@code files}.
 */
package dev.bulwark.results;
