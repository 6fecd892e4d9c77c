package dev.bulwark.device.cuda;

import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerCompile;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerCreate;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerDestroy;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetCompiledProgram;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetErrorLog;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetErrorLogSize;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetInfoLog;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetInfoLogSize;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetVersion;

import java.nio.charset.StandardCharsets;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * CUDA 12.0's compiler of PTX, which is part of JCuda's natives and needs neither GPU nor driver: what a driver of that
 * release makes of the PTX.
 */
final class PtxCompiler {

    static {
        NativeLibrary.load("JNvPTXCompiler", "jcuda.nvptxcompiler.JNvPTXCompiler");
        JNvPTXCompiler.setExceptionsEnabled(false);
    }

    private PtxCompiler() {
    }

    /**
     * What became of PTX.
     *
     * @param cubin empty if the compiler refused
     * @param log   what it said: of each kernel its registers and spills, or why it refused
     */
    record Compiled(byte[] cubin, String log) {
    }

    /** As in {@code 12.0}. */
    static String version() {
        int[] major = new int[1];
        int[] minor = new int[1];
        nvPTXCompilerGetVersion(major, minor);
        return major[0] + "." + minor[0];
    }

    /** @param machine as in {@code sm_86} */
    static Compiled compile(String ptx, String machine) {
        byte[] text = (ptx + "\0").getBytes(StandardCharsets.US_ASCII);
        nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
        if (nvPTXCompilerCreate(compiler, text.length - 1L, text) != 0) {
            throw new IllegalStateException("no compiler of PTX");
        }
        try {
            String[] options = {"--gpu-name=" + machine, "--verbose"};
            if (nvPTXCompilerCompile(compiler, options.length, options) != 0) {
                return new Compiled(new byte[0], log(size -> nvPTXCompilerGetErrorLogSize(compiler, size),
                        bytes -> nvPTXCompilerGetErrorLog(compiler, bytes)));
            }
            long[] size = new long[1];
            nvPTXCompilerGetCompiledProgramSize(compiler, size);
            byte[] cubin = new byte[Math.toIntExact(size[0])];
            nvPTXCompilerGetCompiledProgram(compiler, cubin);
            return new Compiled(cubin, log(length -> nvPTXCompilerGetInfoLogSize(compiler, length),
                    bytes -> nvPTXCompilerGetInfoLog(compiler, bytes)));
        } finally {
            nvPTXCompilerDestroy(compiler);
        }
    }

    private static String log(Call<long[]> size, Call<byte[]> read) {
        long[] length = new long[1];
        size.on(length);
        byte[] text = new byte[Math.toIntExact(length[0]) + 1];
        read.on(text);
        return new String(text, StandardCharsets.US_ASCII).replace("\0", "");
    }

    /** A call that fills an array. */
    private interface Call<T> {
        int on(T array);
    }
}
