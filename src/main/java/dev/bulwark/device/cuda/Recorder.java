package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;

import dev.bulwark.device.Backend.Replay;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;

/** A sequence of launches, captured from the stream as a graph that one call replays. */
final class Recorder {

    private Recorder() {
    }

    static Replay record(GpuContext gpu, Runnable operations) {
        gpu.makeCurrent();
        CUgraph graph = new CUgraph();
        check("cuStreamBeginCapture",
                cuStreamBeginCapture(gpu.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        boolean recorded = false;
        try {
            operations.run();
            recorded = true;
        } finally {
            if (!recorded) { // an error, too, must not leave the stream in its capture: nothing would run on it again
                cuStreamEndCapture(gpu.stream(), graph);
                cuGraphDestroy(graph);
            }
        }
        check("cuStreamEndCapture", cuStreamEndCapture(gpu.stream(), graph));
        try {
            CUgraphExec executable = new CUgraphExec();
            check("cuGraphInstantiate", cuGraphInstantiate(executable, graph, 0));
            return new Captured(gpu, executable);
        } finally {
            cuGraphDestroy(graph);
        }
    }

    /** A graph, ready to launch. */
    private record Captured(GpuContext gpu, CUgraphExec executable) implements Replay {

        @Override
        public void run() {
            gpu.makeCurrent();
            check("cuGraphLaunch", cuGraphLaunch(executable, gpu.stream()));
        }

        @Override
        public void close() {
            gpu.makeCurrent();
            cuGraphExecDestroy(executable);
        }
    }
}
