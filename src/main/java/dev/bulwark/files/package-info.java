/**
 * Files as this program treats them: replaced whole or not at all, written by one process at a time, complained about in
 * plain words. It knows nothing of what files hold and imports nothing of ours; every other package may import it.
 */
package dev.bulwark.files;
