/** Classes that break the layout on purpose, each in its own way: every rule must reject one of them. */
package dev.bulwark.archsamples;
