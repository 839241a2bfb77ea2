package org.irisproof.app;

import android.Manifest;
import android.app.Activity;
import android.content.pm.PackageManager;
import androidx.camera.core.CameraInfo;
import androidx.camera.core.CameraSelector;
import androidx.camera.core.ImageAnalysis;
import androidx.camera.core.ImageProxy;
import androidx.camera.lifecycle.ProcessCameraProvider;
import androidx.lifecycle.Lifecycle;
import androidx.lifecycle.LifecycleOwner;
import androidx.lifecycle.LifecycleRegistry;
import com.google.common.util.concurrent.ListenableFuture;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The newest frame of one camera, in RGBA. Nothing is written anywhere: one frame is held, and the next takes its place.
 */
public final class Frames implements LifecycleOwner {
    private static final int CAMERA_REQUEST = 1;

    private final Activity activity;
    private final int number;
    private final LifecycleRegistry lifecycle = new LifecycleRegistry(this);
    private final ExecutorService reader = Executors.newSingleThreadExecutor();
    private ProcessCameraProvider provider;
    private byte[] newest;
    private String problem = "";
    private boolean closed;

    /** @param number of the camera, in the system's order, from 0 */
    public Frames(Activity activity, int number) {
        this.activity = activity;
        this.number = number;
        if (activity.checkSelfPermission(Manifest.permission.CAMERA) != PackageManager.PERMISSION_GRANTED) {
            activity.requestPermissions(new String[] {Manifest.permission.CAMERA}, CAMERA_REQUEST);
            problem = "it is not allowed yet";
            return;
        }
        activity.runOnUiThread(this::open);
    }

    @Override
    public Lifecycle getLifecycle() {
        return lifecycle;
    }

    /**
     * The next frame that was not handed out yet.
     *
     * @return width and height (2 bytes each, big-endian) and the rows of RGBA; null after `close`, after a problem, or
     *     where none came in time
     */
    public synchronized byte[] next(long timeoutMs) throws InterruptedException {
        long end = System.currentTimeMillis() + timeoutMs;
        while (newest == null && !closed && problem.isEmpty()) {
            long left = end - System.currentTimeMillis();
            if (left <= 0) {
                return null;
            }
            wait(left);
        }
        byte[] frame = newest;
        newest = null;
        return frame;
    }

    /** Why no frames come; empty while they do. */
    public synchronized String problem() {
        return problem;
    }

    /** Frees the camera; the last frame is overwritten. */
    public void close() {
        synchronized (this) {
            closed = true;
            if (newest != null) {
                java.util.Arrays.fill(newest, (byte) 0);
                newest = null;
            }
            notifyAll();
        }
        activity.runOnUiThread(
                () -> {
                    if (provider != null) {
                        provider.unbindAll();
                        lifecycle.setCurrentState(Lifecycle.State.DESTROYED);
                    }
                });
        reader.shutdown();
    }

    private void open() {
        ListenableFuture<ProcessCameraProvider> coming = ProcessCameraProvider.getInstance(activity);
        coming.addListener(
                () -> {
                    try {
                        bind(coming.get());
                    } catch (Exception error) {
                        fail(String.valueOf(error.getMessage()));
                    }
                },
                activity.getMainExecutor());
    }

    private void bind(ProcessCameraProvider found) {
        List<CameraInfo> cameras = found.getAvailableCameraInfos();
        if (number >= cameras.size()) {
            fail("there is no camera " + number + "; this phone has " + cameras.size());
            return;
        }
        ImageAnalysis analysis =
                new ImageAnalysis.Builder()
                        .setBackpressureStrategy(ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST)
                        .setOutputImageFormat(ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888)
                        .setOutputImageRotationEnabled(true)
                        .build();
        analysis.setAnalyzer(reader, this::take);
        CameraSelector selector = cameras.get(number).getCameraSelector();
        synchronized (this) {
            if (closed) {
                return;
            }
            provider = found;
        }
        lifecycle.setCurrentState(Lifecycle.State.RESUMED);
        found.bindToLifecycle(this, selector, analysis);
    }

    private void take(ImageProxy image) {
        try {
            int width = image.getWidth();
            int height = image.getHeight();
            ImageProxy.PlaneProxy plane = image.getPlanes()[0];
            put(pack(plane.getBuffer(), width, height, plane.getRowStride()));
        } finally {
            image.close(); // or no further frame comes
        }
    }

    /** Rows in a camera's buffer may be longer than the picture. */
    static byte[] pack(ByteBuffer rows, int width, int height, int rowStride) {
        byte[] packed = new byte[4 + 4 * width * height];
        packed[0] = (byte) (width >> 8);
        packed[1] = (byte) width;
        packed[2] = (byte) (height >> 8);
        packed[3] = (byte) height;
        for (int row = 0; row < height; row++) {
            rows.position(row * rowStride);
            rows.get(packed, 4 + 4 * width * row, 4 * width);
        }
        return packed;
    }

    private synchronized void put(byte[] frame) {
        if (!closed) {
            newest = frame;
            notifyAll();
        }
    }

    private synchronized void fail(String why) {
        problem = why;
        notifyAll();
    }
}
