package dev.bulwark.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * What a gzip file (RFC 1952) holds: one member or several, and nothing behind them. The JDK's stream skips in silence
 * whatever follows a member that is not another one, so that a damaged or tampered file reads like a whole one.
 */
public final class GzipContent extends InputStream {

    private static final int FIRST = 0x1F;
    private static final int SECOND = 0x8B;
    private static final int DEFLATE = 8;
    private static final int HEADER_CHECK = 1 << 1;
    private static final int EXTRA = 1 << 2;
    private static final int NAME = 1 << 3;
    private static final int COMMENT = 1 << 4;
    private static final int RESERVED = 0xE0;
    private static final int BUFFER = 1 << 13;

    private final CRC32 checksum = new CRC32();
    private final PushbackInputStream packed;
    private Member member;
    private boolean ended;

    /** @param packed from the file's first byte on; left open */
    public GzipContent(InputStream packed) {
        this.packed = new PushbackInputStream(packed, BUFFER);
    }

    /** One member's content. */
    private final class Member extends InflaterInputStream {

        private long length;

        Member() {
            super(packed, new Inflater(true), BUFFER);
        }

        /** Gives back what was read beyond the member's end. */
        void end() throws IOException {
            int unread = inf.getRemaining();
            packed.unread(buf, len - unread, unread);
            inf.end();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        while (length > 0 && !ended) {
            if (member == null) {
                readHeader();
                member = new Member();
                checksum.reset();
            }
            int count = member.read(target, from, length);
            if (count > 0) {
                checksum.update(target, from, count);
                member.length += count;
                return count;
            }
            endMember();
        }
        return length > 0 ? -1 : 0;
    }

    private void endMember() throws IOException {
        member.end();
        requireTrailer(checksum.getValue(), "checksum");
        requireTrailer(member.length & 0xFFFFFFFFL, "length");
        member = null;
        int next = packed.read();
        ended = next < 0;
        if (!ended) {
            packed.unread(next);
        }
    }

    private void requireTrailer(long expected, String what) throws IOException {
        long found = short16() | (long) short16() << 16;
        if (found != expected) {
            throw new ZipException("its " + what + " is wrong");
        }
    }

    private void readHeader() throws IOException {
        if (next() != FIRST || next() != SECOND) {
            throw new ZipException("other bytes follow it");
        }
        int method = next();
        int flags = next();
        if (method != DEFLATE || (flags & RESERVED) != 0) {
            throw new ZipException("its header has method " + method + " and flags " + flags);
        }
        skip(6); // time, level, system
        if ((flags & EXTRA) != 0) {
            skip(short16());
        }
        for (int text : new int[] {NAME, COMMENT}) {
            while ((flags & text) != 0 && next() != 0) {
                // Up to the zero that ends it.
            }
        }
        skip((flags & HEADER_CHECK) != 0 ? 2 : 0);
    }

    private void skip(int count) throws IOException {
        for (int k = 0; k < count; ++k) {
            next();
        }
    }

    private int short16() throws IOException {
        return next() | next() << 8;
    }

    private int next() throws IOException {
        int value = packed.read();
        if (value < 0) {
            throw new EOFException("the gzip stream ends early");
        }
        return value;
    }
}
