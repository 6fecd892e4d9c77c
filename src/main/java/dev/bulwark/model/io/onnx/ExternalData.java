package dev.bulwark.model.io.onnx;

import java.nio.ByteBuffer;

/** Bytes in files beside the model. */
public interface ExternalData {

    /**
     * @param location the file's path, as the model has it
     * @throws OnnxException if they can't be had
     */
    ByteBuffer read(String location, long offset, long length);
}
