package android.content;

import java.util.concurrent.Executor;

public abstract class Context {
    public abstract Executor getMainExecutor();

    public abstract int checkSelfPermission(String permission);
}
