/** Shapes of samples, images and windows: sizes alone, which data, networks and devices share. Imports nothing of ours. */
package dev.bulwark.shapes;
