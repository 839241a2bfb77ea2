package org.irisproof.app;

import android.app.Activity;
import android.hardware.biometrics.BiometricManager;
import android.hardware.biometrics.BiometricPrompt;
import android.os.CancellationSignal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** Asks the person, by fingerprint, face or the screen lock, to let one key be used once. */
public final class Consent {
    private Consent() {}

    /**
     * Shows the system's prompt and blocks until it is answered; not to be called on the main thread.
     *
     * @param use what the key is to do: the answer unlocks this one operation in the secure hardware
     * @return null if the person agreed, else the system's words for why not
     */
    public static String ask(
            Activity activity, String title, String reason, BiometricPrompt.CryptoObject use)
            throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        AtomicReference<String> refusal = new AtomicReference<>("the prompt was closed");
        BiometricPrompt prompt =
                new BiometricPrompt.Builder(activity)
                        .setTitle(title)
                        .setDescription(reason)
                        .setAllowedAuthenticators(
                                BiometricManager.Authenticators.BIOMETRIC_STRONG
                                        | BiometricManager.Authenticators.DEVICE_CREDENTIAL)
                        .setConfirmationRequired(true)
                        .build();
        BiometricPrompt.AuthenticationCallback callback =
                new BiometricPrompt.AuthenticationCallback() {
                    @Override
                    public void onAuthenticationSucceeded(BiometricPrompt.AuthenticationResult result) {
                        refusal.set(null);
                        answered.countDown();
                    }

                    @Override
                    public void onAuthenticationError(int code, CharSequence words) {
                        refusal.set(String.valueOf(words));
                        answered.countDown();
                    }
                };
        activity.runOnUiThread(
                () ->
                        prompt.authenticate(
                                use, new CancellationSignal(), activity.getMainExecutor(), callback));
        answered.await();
        return refusal.get();
    }
}
