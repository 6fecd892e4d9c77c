/**
 * Everything that is rebuilt from rows alone: the two tables, the curves and the report page. It computes no certificate
 * and runs no network; it only reads, counts and prints, and rounds each printed number against the claim that it makes.
 */
package dev.bulwark.report;
