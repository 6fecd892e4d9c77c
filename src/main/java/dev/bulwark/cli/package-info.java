/**
 * The command line: one class a command, which parses, calls an experiment and prints. Strings and exit codes end here.
 */
package dev.bulwark.cli;
