package android.hardware.biometrics;

import android.content.Context;
import android.os.CancellationSignal;
import java.security.Signature;
import java.util.concurrent.Executor;
import javax.crypto.Cipher;

/** Answers by itself: `refusal` null agrees, anything else is the system's words. */
public class BiometricPrompt {
    public static String refusal = null;
    public static int authenticators = 0;

    public static final class CryptoObject {
        public final Object use;

        public CryptoObject(Signature signature) {
            use = signature;
        }

        public CryptoObject(Cipher cipher) {
            use = cipher;
        }
    }

    public static class AuthenticationResult {}

    public abstract static class AuthenticationCallback {
        public void onAuthenticationError(int errorCode, CharSequence errString) {}

        public void onAuthenticationSucceeded(AuthenticationResult result) {}
    }

    public static class Builder {
        public Builder(Context context) {}

        public Builder setTitle(CharSequence title) {
            return this;
        }

        public Builder setDescription(CharSequence description) {
            return this;
        }

        public Builder setConfirmationRequired(boolean requireConfirmation) {
            return this;
        }

        public Builder setAllowedAuthenticators(int allowed) {
            authenticators = allowed;
            return this;
        }

        public BiometricPrompt build() {
            return new BiometricPrompt();
        }
    }

    public void authenticate(
            CryptoObject crypto, CancellationSignal cancel, Executor executor, AuthenticationCallback callback) {
        executor.execute(
                () -> {
                    if (refusal == null) {
                        callback.onAuthenticationSucceeded(new AuthenticationResult());
                    } else {
                        callback.onAuthenticationError(10, refusal);
                    }
                });
    }
}
