package androidx.camera.lifecycle;

import android.content.Context;
import androidx.camera.core.Camera;
import androidx.camera.core.CameraInfo;
import androidx.camera.core.CameraSelector;
import androidx.camera.core.ImageAnalysis;
import androidx.camera.core.UseCase;
import androidx.lifecycle.LifecycleOwner;
import com.google.common.util.concurrent.ListenableFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** One camera; what was bound stands in `bound`, for a test to push frames into. */
public final class ProcessCameraProvider {
    public static final ProcessCameraProvider ONLY = new ProcessCameraProvider();
    public final List<ImageAnalysis> bound = new ArrayList<>();

    private static final class Ready extends CompletableFuture<ProcessCameraProvider>
            implements ListenableFuture<ProcessCameraProvider> {
        @Override
        public void addListener(Runnable listener, Executor executor) {
            executor.execute(listener);
        }
    }

    public static ListenableFuture<ProcessCameraProvider> getInstance(Context context) {
        Ready ready = new Ready();
        ready.complete(ONLY);
        return ready;
    }

    public List<CameraInfo> getAvailableCameraInfos() {
        return List.of(CameraSelector::new);
    }

    public Camera bindToLifecycle(LifecycleOwner owner, CameraSelector selector, UseCase... useCases) {
        for (UseCase one : useCases) {
            bound.add((ImageAnalysis) one);
        }
        return null;
    }

    public void unbindAll() {
        bound.clear();
    }
}
