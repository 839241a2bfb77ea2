package androidx.camera.core;

public final class CameraSelector {}
