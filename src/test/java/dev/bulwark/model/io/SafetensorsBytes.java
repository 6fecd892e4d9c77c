package dev.bulwark.model.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A safetensors file put together byte by byte, right or wrong, without the writer under test. */
final class SafetensorsBytes {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    SafetensorsBytes header(String json) {
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        return length(utf8.length).raw(utf8);
    }

    SafetensorsBytes length(long length) {
        return raw(littleEndian(Long.BYTES).putLong(length).array());
    }

    SafetensorsBytes floats(float... values) {
        ByteBuffer buffer = littleEndian(values.length * Float.BYTES);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return raw(buffer.array());
    }

    SafetensorsBytes halves(int... bits) {
        ByteBuffer buffer = littleEndian(bits.length * Short.BYTES);
        for (int half : bits) {
            buffer.putShort((short) half);
        }
        return raw(buffer.array());
    }

    SafetensorsBytes raw(byte... values) {
        bytes.writeBytes(values);
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
