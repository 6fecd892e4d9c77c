/**
 * Networks as values: sealed layers with host weights, their shapes, the safetensors file, and the same network loaded
 * onto a backend. No training, no bounds.
 */
package dev.bulwark.nn;
