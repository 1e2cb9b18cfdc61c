// Room: tests/e2e. What applications do with the HSM through SunPKCS11, each result compared with Java's own software
// providers: keys made and imported, signatures, ciphers, MACs, digests, key agreement. Touches the stack alone.
//
//   java Crypto PKCS11_CONFIG PART        PIN in the environment: USER_PIN; a line `ok ...` for each thing that held

import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Crypto {
    private static final byte[] TEXT = "It was a bright cold day in April.\n".repeat(50).getBytes();
    private static final byte[] OTHER = "It was a dark and stormy night.\n".getBytes();
    private static Provider hsm;

    public static void main(String[] arguments) throws Exception {
        hsm = Security.getProvider("SunPKCS11").configure(arguments[0]);
        Security.addProvider(hsm);
        KeyStore.getInstance("PKCS11", hsm).load(null, System.getenv("USER_PIN").toCharArray());
        switch (arguments[1]) {
            case "rsa" -> rsa();
            case "ec" -> ec();
            case "agreement" -> agreement();
            case "aes" -> aes();
            case "mac" -> mac();
            case "digest" -> digest();
            case "random" -> random();
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    static void expect(boolean held, String what) {
        if (!held) {
            throw new AssertionError(what);
        }
        System.out.println("ok " + what);
    }

    // The key as a software provider has it.
    private static PublicKey outside(PublicKey key) throws Exception {
        return KeyFactory.getInstance(key.getAlgorithm(), key.getAlgorithm().equals("RSA") ? "SunRsaSign" : "SunEC")
            .generatePublic(new X509EncodedKeySpec(key.getEncoded()));
    }

    private static KeyPair pair(String kind, AlgorithmParameterSpec curve, int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind, hsm);
        if (curve != null) {
            generator.initialize(curve);
        } else {
            generator.initialize(bits);
        }
        KeyPair made = generator.generateKeyPair();
        if (made.getPrivate().getEncoded() != null) {
            throw new AssertionError("a private key of the HSM came out");
        }
        return made;
    }

    // Signed in the HSM, verified outside and inside; what was altered is refused by both.
    private static void signs(KeyPair pair, String algorithm, AlgorithmParameterSpec parameters, String software)
        throws Exception {
        Signature signer = Signature.getInstance(algorithm, hsm);
        if (parameters != null) {
            signer.setParameter(parameters);
        }
        signer.initSign(pair.getPrivate());
        signer.update(TEXT, 0, 100);
        signer.update(TEXT, 100, TEXT.length - 100);
        byte[] signature = signer.sign();
        boolean held = true;
        for (String by : new String[] {software, hsm.getName()}) {
            PublicKey key = by.equals(software) ? outside(pair.getPublic()) : pair.getPublic();
            held &= verifies(by, algorithm, parameters, key, TEXT, signature);
            held &= !verifies(by, algorithm, parameters, key, OTHER, signature);
        }
        expect(held, algorithm + " " + pair.getPublic().getAlgorithm());
    }

    private static boolean verifies(String provider, String algorithm, AlgorithmParameterSpec parameters, PublicKey key,
        byte[] data, byte[] signature) throws Exception {
        Signature verifier = Signature.getInstance(algorithm, provider);
        if (parameters != null) {
            verifier.setParameter(parameters);
        }
        verifier.initVerify(key);
        verifier.update(data);
        return verifier.verify(signature);
    }

    private static void rsa() throws Exception {
        for (int bits : new int[] {2048, 4096}) {
            KeyPair pair = pair("RSA", null, bits);
            for (String digest : new String[] {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
                signs(pair, digest + "withRSA", null, "SunRsaSign");
            }
            for (String digest : new String[] {"SHA-256", "SHA-384", "SHA-512"}) {
                MGF1ParameterSpec mask = new MGF1ParameterSpec(digest);
                int salt = MessageDigest.getInstance(digest).getDigestLength();
                PSSParameterSpec pss = new PSSParameterSpec(digest, "MGF1", mask, salt, 1);
                signs(pair, "RSASSA-PSS", pss, "SunRsaSign");
                signs(pair, digest.replace("-", "") + "withRSASSA-PSS", pss, hsm.getName());
            }
            Cipher encrypt = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE");
            encrypt.init(Cipher.ENCRYPT_MODE, outside(pair.getPublic()));
            Cipher decrypt = Cipher.getInstance("RSA/ECB/PKCS1Padding", hsm);
            decrypt.init(Cipher.DECRYPT_MODE, pair.getPrivate());
            expect(Arrays.equals(decrypt.doFinal(encrypt.doFinal(OTHER)), OTHER), "RSA decrypts");
            encrypt = Cipher.getInstance("RSA/ECB/PKCS1Padding", hsm);
            encrypt.init(Cipher.ENCRYPT_MODE, pair.getPublic());
            expect(Arrays.equals(decrypt.doFinal(encrypt.doFinal(OTHER)), OTHER), "RSA encrypts");
            wraps(pair);
        }
    }

    // A key that software knows goes in under the HSM's RSA key and does there what it does outside.
    private static void wraps(KeyPair pair) throws Exception {
        SecretKey known = new SecretKeySpec(Arrays.copyOf(TEXT, 32), "AES");
        Cipher wrap = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE");
        wrap.init(Cipher.WRAP_MODE, outside(pair.getPublic()));
        Cipher unwrap = Cipher.getInstance("RSA/ECB/PKCS1Padding", hsm);
        unwrap.init(Cipher.UNWRAP_MODE, pair.getPrivate());
        SecretKey inside = (SecretKey) unwrap.unwrap(wrap.wrap(known), "AES", Cipher.SECRET_KEY);
        agree("AES/CBC/PKCS5Padding", new IvParameterSpec(new byte[16]), inside, known, "unwrapped by RSA");
    }

    private static void ec() throws Exception {
        for (String curve : new String[] {"secp256r1", "secp384r1", "secp521r1"}) {
            KeyPair pair = pair("EC", new ECGenParameterSpec(curve), 0);
            for (String digest : new String[] {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
                signs(pair, digest + "withECDSA", null, "SunEC");
            }
            signs(pair, "SHA256withECDSAinP1363Format", null, "SunEC");
        }
    }

    private static void agreement() throws Exception {
        for (String curve : new String[] {"secp256r1", "secp384r1"}) {
            KeyPair inside = pair("EC", new ECGenParameterSpec(curve), 0);
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "SunEC");
            generator.initialize(new ECGenParameterSpec(curve));
            KeyPair software = generator.generateKeyPair();
            KeyAgreement mine = KeyAgreement.getInstance("ECDH", hsm);
            mine.init(inside.getPrivate());
            mine.doPhase(software.getPublic(), true);
            SecretKey shared = mine.generateSecret("TlsPremasterSecret");
            KeyAgreement theirs = KeyAgreement.getInstance("ECDH", "SunEC");
            theirs.init(software.getPrivate());
            theirs.doPhase(outside(inside.getPublic()), true);
            // The secret stays in the HSM: that both have the same is seen by what they do with it.
            Mac ours = Mac.getInstance("HmacSHA256", hsm);
            ours.init(shared);
            Mac outside = Mac.getInstance("HmacSHA256", "SunJCE");
            outside.init(new SecretKeySpec(theirs.generateSecret(), "Generic"));
            expect(shared.getEncoded() == null && Arrays.equals(ours.doFinal(TEXT), outside.doFinal(TEXT)),
                "ECDH " + curve);
        }
    }

    // Both encrypt to the same and decrypt each other's.
    private static void agree(String transformation, AlgorithmParameterSpec parameters, SecretKey inside,
        SecretKey outside, String what) throws Exception {
        byte[] data = Arrays.copyOf(TEXT, 1024);
        Cipher ours = Cipher.getInstance(transformation, hsm);
        Cipher theirs = Cipher.getInstance(transformation, "SunJCE");
        ours.init(Cipher.ENCRYPT_MODE, inside, parameters);
        theirs.init(Cipher.ENCRYPT_MODE, outside, parameters);
        byte[] begin = ours.update(data, 0, 500);
        byte[] end = ours.doFinal(data, 500, 524);
        byte[] joined = Arrays.copyOf(begin, begin.length + end.length);
        System.arraycopy(end, 0, joined, begin.length, end.length);
        byte[] whole = theirs.doFinal(data);
        ours.init(Cipher.DECRYPT_MODE, inside, parameters);
        byte[] back = ours.doFinal(whole);
        expect(Arrays.equals(joined, whole) && Arrays.equals(back, data), transformation + " " + what);
    }

    private static void aes() throws Exception {
        for (int bytes : new int[] {16, 24, 32}) {
            SecretKey known = new SecretKeySpec(Arrays.copyOf(TEXT, bytes), "AES");
            SecretKey inside = SecretKeyFactory.getInstance("AES", hsm).translateKey(known);
            IvParameterSpec iv = new IvParameterSpec(Arrays.copyOf(OTHER, 16));
            agree("AES/CBC/NoPadding", iv, inside, known, bytes + " imported");
            agree("AES/CBC/PKCS5Padding", iv, inside, known, bytes + " imported");
            agree("AES/ECB/NoPadding", null, inside, known, bytes + " imported");
            agree("AES/ECB/PKCS5Padding", null, inside, known, bytes + " imported");
            // Whatever the HSM has no mechanism for, SunPKCS11 does not offer.
            if (hsm.getService("Cipher", "AES/GCM/NoPadding") != null) {
                agree("AES/GCM/NoPadding", new GCMParameterSpec(128, Arrays.copyOf(OTHER, 12)), inside, known, "GCM");
            }
            if (hsm.getService("Cipher", "AES/CTR/NoPadding") != null) {
                agree("AES/CTR/NoPadding", iv, inside, known, "CTR");
            }
            KeyGenerator generator = KeyGenerator.getInstance("AES", hsm);
            generator.init(bytes * 8);
            SecretKey made = generator.generateKey();
            Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding", hsm);
            cipher.init(Cipher.ENCRYPT_MODE, made);
            byte[] encrypted = cipher.doFinal(TEXT);
            AlgorithmParameters parameters = cipher.getParameters();
            cipher.init(Cipher.DECRYPT_MODE, made, parameters);
            expect(Arrays.equals(cipher.doFinal(encrypted), TEXT) && !Arrays.equals(encrypted, TEXT),
                "AES " + bytes + " generated");
        }
    }

    private static void mac() throws Exception {
        SecretKey known = new SecretKeySpec(Arrays.copyOf(TEXT, 40), "Generic");
        for (String digest : new String[] {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
            Mac ours = Mac.getInstance("Hmac" + digest, hsm);
            Mac theirs = Mac.getInstance("Hmac" + digest, "SunJCE");
            ours.init(known);
            theirs.init(known);
            ours.update(TEXT, 0, 7);
            ours.update(TEXT, 7, TEXT.length - 7);
            expect(Arrays.equals(ours.doFinal(), theirs.doFinal(TEXT)), "Hmac" + digest);
        }
    }

    private static void digest() throws Exception {
        for (String name : new String[] {"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"}) {
            MessageDigest ours = MessageDigest.getInstance(name, hsm);
            ours.update(TEXT);
            MessageDigest copy = (MessageDigest) ours.clone();
            ours.update(OTHER);
            MessageDigest theirs = MessageDigest.getInstance(name, "SUN");
            expect(Arrays.equals(copy.digest(), theirs.digest(TEXT)), name + " of a clone");
            theirs.update(TEXT);
            expect(Arrays.equals(ours.digest(), theirs.digest(OTHER)), name);
        }
    }

    private static void random() throws Exception {
        SecureRandom random = SecureRandom.getInstance("PKCS11", hsm);
        Set<String> seen = new HashSet<>();
        for (int n = 0; n < 100; n++) {
            byte[] some = new byte[24];
            random.nextBytes(some);
            seen.add(Arrays.toString(some));
        }
        random.setSeed(OTHER);
        expect(seen.size() == 100, "random");
    }
}
