/**
 * How fast this machine is: rates of every stage on random data, beside the machine's own ceilings. A measurement is no
 * run: it has no images, no rows and no record, and of {@code runs} it uses only the monitor and the exception for
 * options that make no sense. Nothing but the command line imports it.
 */
package dev.bulwark.bench;
