/**
 * The lab report's experiment: both of its tables from raw images, its claims and what a run says about them, the published
 * figures beside them, and what it gets wrong by arithmetic. What other packages do for any network and any images is
 * chosen here for this one, and handed to {@code report} as an {@code Experiment}; nothing but the command line imports it.
 */
package dev.bulwark.lab;
