/** Networks as lists of dense layers, loaded onto a backend: what bounds and training still take instead of plans. */
package dev.bulwark.nn;
