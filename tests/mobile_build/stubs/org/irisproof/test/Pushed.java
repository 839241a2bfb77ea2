package org.irisproof.test;

import androidx.camera.core.ImageAnalysis;
import androidx.camera.core.ImageProxy;
import androidx.camera.lifecycle.ProcessCameraProvider;
import java.nio.ByteBuffer;

/** A frame as a camera would give it, with rows longer than the picture. */
public final class Pushed implements ImageProxy {
    public static int closed = 0;
    private final int width;
    private final int height;
    private final int stride;
    private final byte[] rows;

    private Pushed(int width, int height, int stride, byte[] rows) {
        this.width = width;
        this.height = height;
        this.stride = stride;
        this.rows = rows;
    }

    /** Hand a frame to whatever is bound to the camera; the number of those. */
    public static int push(int width, int height, int stride, byte[] rows) {
        int taken = 0;
        for (ImageAnalysis one : ProcessCameraProvider.ONLY.bound) {
            one.analyzer.analyze(new Pushed(width, height, stride, rows));
            taken++;
        }
        return taken;
    }

    @Override
    public int getWidth() {
        return width;
    }

    @Override
    public int getHeight() {
        return height;
    }

    @Override
    public PlaneProxy[] getPlanes() {
        return new PlaneProxy[] {
            new PlaneProxy() {
                @Override
                public ByteBuffer getBuffer() {
                    return ByteBuffer.wrap(rows);
                }

                @Override
                public int getRowStride() {
                    return stride;
                }
            }
        };
    }

    @Override
    public void close() {
        closed++;
    }
}
