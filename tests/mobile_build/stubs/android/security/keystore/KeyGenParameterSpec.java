package android.security.keystore;

import java.security.spec.AlgorithmParameterSpec;

/** Holds what it was given, for the tests to look at. */
public final class KeyGenParameterSpec implements AlgorithmParameterSpec {
    public String alias;
    public int purposes;
    public int keySize;
    public AlgorithmParameterSpec algorithm;
    public String[] digests = {};
    public String[] blockModes = {};
    public String[] paddings = {};
    public boolean authenticationRequired;
    public int authenticationSeconds = -1;
    public int authenticationType;
    public boolean invalidatedByEnrollment;

    public static final class Builder {
        private final KeyGenParameterSpec made = new KeyGenParameterSpec();

        public Builder(String keystoreAlias, int purposes) {
            made.alias = keystoreAlias;
            made.purposes = purposes;
        }

        public Builder setAlgorithmParameterSpec(AlgorithmParameterSpec spec) {
            made.algorithm = spec;
            return this;
        }

        public Builder setDigests(String... digests) {
            made.digests = digests;
            return this;
        }

        public Builder setBlockModes(String... blockModes) {
            made.blockModes = blockModes;
            return this;
        }

        public Builder setEncryptionPaddings(String... paddings) {
            made.paddings = paddings;
            return this;
        }

        public Builder setKeySize(int keySize) {
            made.keySize = keySize;
            return this;
        }

        public Builder setUserAuthenticationRequired(boolean required) {
            made.authenticationRequired = required;
            return this;
        }

        public Builder setUserAuthenticationParameters(int timeout, int type) {
            made.authenticationSeconds = timeout;
            made.authenticationType = type;
            return this;
        }

        public Builder setInvalidatedByBiometricEnrollment(boolean invalidate) {
            made.invalidatedByEnrollment = invalidate;
            return this;
        }

        public KeyGenParameterSpec build() {
            return made;
        }
    }
}
