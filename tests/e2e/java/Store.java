// Room: tests/e2e. The token as a Java KeyStore: keys and certificates put in, found by another process, used, taken
// out; and an HTTPS server whose key is in the HSM, with a client that shows a certificate of the HSM, too. Touches the
// stack, files it is given, and loopback.
//
//   java Store PKCS11_CONFIG COMMAND ARGUMENTS...        PIN in the environment: USER_PIN

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.HexFormat;
import java.util.TreeSet;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;

public class Store {
    private static final char[] PIN = System.getenv("USER_PIN").toCharArray();
    private static Provider hsm;
    private static KeyStore store;

    public static void main(String[] arguments) throws Exception {
        hsm = Security.getProvider("SunPKCS11").configure(arguments[0]);
        Security.addProvider(hsm);
        store = KeyStore.getInstance("PKCS11", hsm);
        store.load(null, PIN);
        switch (arguments[1]) {
            case "list" -> list();
            case "put-pair" -> putPair(arguments[2], arguments[3]);
            case "put-certificate" -> store.setCertificateEntry(arguments[2], certificate(arguments[3]));
            case "put-secret" -> putSecret(arguments[2], arguments[3]);
            case "encrypt" -> encrypt(arguments[2], arguments[3], arguments[4]);
            case "sign" -> sign(arguments[2], arguments[3], arguments[4], arguments[5]);
            case "certificate" -> Files.write(Path.of(arguments[3]), store.getCertificate(arguments[2]).getEncoded());
            case "delete" -> store.deleteEntry(arguments[2]);
            case "https" -> https(arguments[2]);
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    private static Certificate certificate(String file) throws Exception {
        try (InputStream from = new FileInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(from);
        }
    }

    private static void list() throws Exception {
        for (String alias : new TreeSet<>(Collections.list(store.aliases()))) {
            Certificate[] chain = store.getCertificateChain(alias);
            System.out.println(alias + (store.isKeyEntry(alias) ? " key" : " certificate")
                + (chain == null ? "" : " chain of " + chain.length));
        }
    }

    // From a PKCS #12 file that somebody else made: private key and chain go into the token.
    private static void putPair(String alias, String file) throws Exception {
        KeyStore from = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(file)) {
            from.load(in, PIN);
        }
        String only = from.aliases().nextElement();
        store.setKeyEntry(alias, from.getKey(only, PIN), null, from.getCertificateChain(only));
    }

    private static void putSecret(String alias, String hex) throws Exception {
        byte[] octets = HexFormat.of().parseHex(hex);
        store.setKeyEntry(alias, new SecretKeySpec(octets, "AES"), null, null);
    }

    private static void encrypt(String alias, String in, String out) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding", hsm);
        cipher.init(Cipher.ENCRYPT_MODE, (SecretKey) store.getKey(alias, null), new IvParameterSpec(new byte[16]));
        Files.write(Path.of(out), cipher.doFinal(Files.readAllBytes(Path.of(in))));
    }

    private static void sign(String alias, String algorithm, String in, String out) throws Exception {
        Signature signer = Signature.getInstance(algorithm, hsm);
        signer.initSign((PrivateKey) store.getKey(alias, null));
        signer.update(Files.readAllBytes(Path.of(in)));
        Files.write(Path.of(out), signer.sign());
    }

    private static SSLContext context(String authority) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(store, PIN);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", certificate(authority));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext made = SSLContext.getInstance("TLS");
        made.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return made;
    }

    // Serves until its standard input ends, which asks for a client of this process first: its answer is printed.
    private static void https(String authority) throws Exception {
        SSLContext context = context(authority);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters of) {
                SSLParameters parameters = context.getDefaultSSLParameters();
                parameters.setWantClientAuth(true);
                of.setSSLParameters(parameters);
            }
        });
        server.createContext("/", exchange -> {
            byte[] page = ("served to " + peer(((HttpsExchange) exchange).getSSLSession()) + "\n").getBytes();
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        server.start();
        int port = server.getAddress().getPort();
        System.out.println("port " + port);
        System.in.read();
        HttpsURLConnection client = (HttpsURLConnection) new URL("https://localhost:" + port + "/").openConnection();
        client.setSSLSocketFactory(context.getSocketFactory());
        System.out.print(new String(client.getInputStream().readAllBytes()));
        System.out.println(client.getCipherSuite());
        server.stop(0);
    }

    private static String peer(SSLSession session) {
        try {
            return ((X509Certificate) session.getPeerCertificates()[0]).getSubjectX500Principal().getName();
        } catch (SSLPeerUnverifiedException none) {
            return "nobody";
        }
    }
}
