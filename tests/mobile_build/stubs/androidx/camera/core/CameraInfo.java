package androidx.camera.core;

public interface CameraInfo {
    CameraSelector getCameraSelector();
}
