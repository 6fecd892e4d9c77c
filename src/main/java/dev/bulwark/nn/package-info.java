/** Networks as lists of dense layers, loaded onto a backend: what training still makes instead of graphs. */
package dev.bulwark.nn;
