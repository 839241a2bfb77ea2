package android.app;

import android.content.Context;
import java.util.concurrent.Executor;

/** Runs what is for the main thread at once, on the caller's. */
public class Activity extends Context {
    public int granted = 0;
    public int asked = 0;

    public final void runOnUiThread(Runnable action) {
        action.run();
    }

    @Override
    public Executor getMainExecutor() {
        return Runnable::run;
    }

    @Override
    public int checkSelfPermission(String permission) {
        return granted;
    }

    public final void requestPermissions(String[] permissions, int requestCode) {
        asked += permissions.length;
    }
}
