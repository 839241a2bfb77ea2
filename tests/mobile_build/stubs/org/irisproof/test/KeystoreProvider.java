package org.irisproof.test;

import android.security.keystore.KeyGenParameterSpec;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyPairGeneratorSpi;
import java.security.KeyStoreSpi;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Collections;
import java.util.Date;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.KeyGenerator;
import javax.crypto.KeyGeneratorSpi;
import javax.crypto.SecretKey;

/** A key store by Android's name on a desktop's JVM: real keys of the JDK, in memory. */
public final class KeystoreProvider extends Provider {
    public static final Map<String, Key> KEYS = new HashMap<>();
    public static final Map<String, Certificate> CERTIFICATES = new HashMap<>();
    public static final Map<String, KeyGenParameterSpec> SPECS = new HashMap<>();

    private KeystoreProvider() {
        super("AndroidKeyStore", "1", "for tests");
        put("KeyStore.AndroidKeyStore", Store.class.getName());
        put("KeyPairGenerator.EC", Pairs.class.getName());
        put("KeyGenerator.AES", Secrets.class.getName());
    }

    public static void install() {
        if (Security.getProvider("AndroidKeyStore") == null) {
            Security.addProvider(new KeystoreProvider());
        }
    }

    public static KeyGenParameterSpec spec(String alias) {
        return SPECS.get(alias);
    }

    public static final class Pairs extends KeyPairGeneratorSpi {
        private KeyGenParameterSpec spec;

        @Override
        public void initialize(int size, SecureRandom random) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void initialize(AlgorithmParameterSpec given, SecureRandom random) {
            spec = (KeyGenParameterSpec) given;
        }

        @Override
        public KeyPair generateKeyPair() {
            try {
                KeyPairGenerator maker = KeyPairGenerator.getInstance("EC", "SunEC");
                maker.initialize(spec.algorithm);
                KeyPair pair = maker.generateKeyPair();
                KEYS.put(spec.alias, pair.getPrivate());
                CERTIFICATES.put(spec.alias, new OnlyAKey(pair.getPublic()));
                SPECS.put(spec.alias, spec);
                return pair;
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        }
    }

    public static final class Secrets extends KeyGeneratorSpi {
        private KeyGenParameterSpec spec;

        @Override
        protected void engineInit(SecureRandom random) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected void engineInit(int size, SecureRandom random) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected void engineInit(AlgorithmParameterSpec given, SecureRandom random) {
            spec = (KeyGenParameterSpec) given;
        }

        @Override
        protected SecretKey engineGenerateKey() {
            try {
                KeyGenerator maker = KeyGenerator.getInstance("AES", "SunJCE");
                maker.init(spec.keySize);
                SecretKey key = maker.generateKey();
                KEYS.put(spec.alias, key);
                SPECS.put(spec.alias, spec);
                return key;
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        }
    }

    private static final class OnlyAKey extends Certificate {
        private final PublicKey key;

        OnlyAKey(PublicKey key) {
            super("X.509");
            this.key = key;
        }

        @Override
        public byte[] getEncoded() {
            return key.getEncoded();
        }

        @Override
        public void verify(PublicKey by) {}

        @Override
        public void verify(PublicKey by, String provider) {}

        @Override
        public String toString() {
            return "a key";
        }

        @Override
        public PublicKey getPublicKey() {
            return key;
        }
    }

    public static final class Store extends KeyStoreSpi {
        @Override
        public Key engineGetKey(String alias, char[] password) {
            return KEYS.get(alias);
        }

        @Override
        public Certificate engineGetCertificate(String alias) {
            return CERTIFICATES.get(alias);
        }

        @Override
        public boolean engineContainsAlias(String alias) {
            return KEYS.containsKey(alias);
        }

        @Override
        public void engineDeleteEntry(String alias) {
            KEYS.remove(alias);
            CERTIFICATES.remove(alias);
        }

        @Override
        public void engineLoad(InputStream stream, char[] password) {}

        @Override
        public Certificate[] engineGetCertificateChain(String alias) {
            return new Certificate[] {CERTIFICATES.get(alias)};
        }

        @Override
        public Date engineGetCreationDate(String alias) {
            return null;
        }

        @Override
        public void engineSetKeyEntry(String alias, Key key, char[] password, Certificate[] chain) {}

        @Override
        public void engineSetKeyEntry(String alias, byte[] key, Certificate[] chain) {}

        @Override
        public void engineSetCertificateEntry(String alias, Certificate certificate) {}

        @Override
        public Enumeration<String> engineAliases() {
            return Collections.enumeration(KEYS.keySet());
        }

        @Override
        public int engineSize() {
            return KEYS.size();
        }

        @Override
        public boolean engineIsKeyEntry(String alias) {
            return KEYS.containsKey(alias);
        }

        @Override
        public boolean engineIsCertificateEntry(String alias) {
            return false;
        }

        @Override
        public String engineGetCertificateAlias(Certificate certificate) {
            return null;
        }

        @Override
        public void engineStore(OutputStream stream, char[] password) {}
    }
}
