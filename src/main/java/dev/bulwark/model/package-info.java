/**
 * Networks as values: a graph of sealed operations with host weights, their shapes, and folding. No device, no file, no
 * training, no bounds.
 *
 * <p>{@link dev.bulwark.model.Op} is sealed and has a visitor, so that a new operation stops everything that walks graphs
 * from compiling until it says what the operation means there.
 */
package dev.bulwark.model;
