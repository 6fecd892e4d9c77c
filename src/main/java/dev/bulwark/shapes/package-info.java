/** Shapes of samples, images and windows: sizes alone, which data, networks and devices share. Imports no other package of Bulwark. */
package dev.bulwark.shapes;
