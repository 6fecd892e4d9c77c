/**
 * The lab report's experiment: both of its tables from raw images. What other packages do for any network and any images
 * is chosen here for this one; nothing but the command line imports it.
 */
package dev.bulwark.lab;
