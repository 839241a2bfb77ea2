package androidx.lifecycle;

public class LifecycleRegistry extends Lifecycle {
    public State state = State.INITIALIZED;

    public LifecycleRegistry(LifecycleOwner provider) {}

    public void setCurrentState(State state) {
        this.state = state;
    }
}
