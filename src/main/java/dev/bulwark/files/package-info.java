/**
 * Files as this program treats them: replaced whole or not at all, written by one process at a time, told apart by their
 * SHA-256, complained about in plain words. Each of these rules has its one owner here, below everything, because data,
 * networks and checkpoints need them as much as results do. It knows nothing of what files hold and imports nothing of
 * ours; every other package may import it.
 */
package dev.bulwark.files;
