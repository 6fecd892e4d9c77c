/**
 * Files as this program treats them: replaced whole or not at all, written by one process at a time, told apart by their
 * SHA-256, and errors in plain words. Each of these rules has its one owner here, below all other packages, because data,
 * networks and checkpoints need them as much as results do. It knows nothing of what files hold and imports no other
 * package of Bulwark; every other one may import it.
 */
package dev.bulwark.files;
