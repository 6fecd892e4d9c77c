/**
 * What users set, by name, for messages that say what to set otherwise. Each way to use this program has its own names for
 * settings: the command line has options. So messages carry settings, and whoever prints them says how they are called.
 *
 * <p>It holds no values of settings and imports no other package of Bulwark; every other one may import it.
 */
package dev.bulwark.settings;
