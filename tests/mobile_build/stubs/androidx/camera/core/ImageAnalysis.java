package androidx.camera.core;

import java.util.concurrent.Executor;

public final class ImageAnalysis extends UseCase {
    public static final int STRATEGY_KEEP_ONLY_LATEST = 0;
    public static final int OUTPUT_IMAGE_FORMAT_RGBA_8888 = 2;

    public int format;
    public Executor executor;
    public Analyzer analyzer;

    public interface Analyzer {
        void analyze(ImageProxy image);
    }

    public void setAnalyzer(Executor executor, Analyzer analyzer) {
        this.executor = executor;
        this.analyzer = analyzer;
    }

    public static final class Builder {
        private final ImageAnalysis made = new ImageAnalysis();

        public Builder setBackpressureStrategy(int strategy) {
            return this;
        }

        public Builder setOutputImageFormat(int format) {
            made.format = format;
            return this;
        }

        public Builder setOutputImageRotationEnabled(boolean enabled) {
            return this;
        }

        public ImageAnalysis build() {
            return made;
        }
    }
}
