// Room: tests/chaos. A TLS server in Java whose keys come from the HSM through SunPKCS11, as the Java security guide sets
// it up. Touches loopback.
//
//   java KeyServer.java PKCS11_CONFIG PORT        PIN in the environment: USER_PIN

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

public class KeyServer {
    private static final int THREADS = 8;
    private static final byte[] REPLY =
        "HTTP/1.0 200 OK\r\n\r\nserved with a key in the HSM\n".getBytes(StandardCharsets.US_ASCII);

    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        Security.addProvider(provider);
        SSLServerSocket listening = (SSLServerSocket) contextOf(provider).getServerSocketFactory().createServerSocket(
            Integer.parseInt(arguments[1]), 128, InetAddress.getByName("127.0.0.1"));
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        while (true) {
            SSLSocket connection = (SSLSocket) listening.accept();
            threads.execute(() -> serve(connection));
        }
    }

    private static SSLContext contextOf(Provider provider) throws Exception {
        char[] pin = System.getenv("USER_PIN").toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS11", provider);
        keys.load(null, pin);
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, pin);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    private static void serve(SSLSocket connection) {
        try (connection) {
            BufferedReader request =
                new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
            for (String line = request.readLine(); line != null && !line.isEmpty();) {
                line = request.readLine();
            }
            connection.getOutputStream().write(REPLY);
        } catch (IOException error) {
            // The client sees it and counts; the log gets the cause, which TLS hides.
            System.err.println(System.currentTimeMillis() + " " + error + " <- " + error.getCause());
        }
    }
}
