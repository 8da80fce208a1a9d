package dev.plinth.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network between Plinth and its database that fails when a test says so: connections are cut, a
 * COMMIT or its answer is lost, everything takes long.
 *
 * <pre>{@code
 * try (FaultyProxy network = FaultyProxy.to(database)) {
 *   DataSource pool = ... network.url() ...
 *   network.loseNextCommit(FaultyProxy.Loss.AFTER_IT_HAPPENED);
 *   assertThatThrownBy(() -> plinth.transact(...)).isInstanceOf(OutcomeUnknownException.class);
 * }
 * }</pre>
 *
 * <p>It knows PostgreSQL's protocol and so speaks without TLS. Safe for use by many threads.
 */
public final class FaultyProxy implements AutoCloseable {
  /** When the connection breaks that carries what commits. */
  public enum Loss {
    /** The server never sees it, and rolls back what came before. */
    BEFORE_IT_HAPPENED,
    /** The server has committed, and the client does not hear of it. */
    AFTER_IT_HAPPENED
  }

  private static final Logger LOG = LoggerFactory.getLogger(FaultyProxy.class);

  private final URI server;
  private final String url;
  private final ServerSocket listening;
  private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Awaited> awaited = new AtomicReference<>();
  private final AtomicLong roundTrips = new AtomicLong();
  private volatile Duration delay = Duration.ZERO;
  private volatile boolean refusing;

  /** A loss that has not come about, and part of the statement in auto-commit that it waits for. */
  private record Awaited(Loss loss, @Nullable String statement) {}

  private FaultyProxy(String serverUrl) throws IOException {
    this.server = URI.create(serverUrl.substring("jdbc:".length()));
    this.listening = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    this.url = proxied(serverUrl);
  }

  /** A network to this database, faultless until told otherwise. */
  public static FaultyProxy to(TestDatabase database) {
    try {
      FaultyProxy proxy = new FaultyProxy(database.url());
      Thread acceptor = new Thread(proxy::accept, "faulty-proxy");
      acceptor.setDaemon(true);
      acceptor.start();
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String proxied(String serverUrl) {
    String authority = "//" + server.getRawAuthority();
    String here =
        "//" + listening.getInetAddress().getHostAddress() + ":" + listening.getLocalPort();
    String elsewhere = serverUrl.replace(authority, here);
    return elsewhere + (elsewhere.contains("?") ? "&" : "?") + "sslmode=disable&gssEncMode=disable";
  }

  /** The JDBC address of the database by way of this network, with user and password in it. */
  public String url() {
    return url;
  }

  /** Breaks every connection there is; new ones are welcome. */
  public void cutAll() {
    connections.forEach(ProxiedConnection::cut);
  }

  /** Whether new connections are refused, besides. */
  public void refuseNew(boolean refuse) {
    refusing = refuse;
  }

  /** Breaks the next connection that commits, before or after its COMMIT has happened. */
  public void loseNextCommit(Loss loss) {
    awaited.set(new Awaited(loss, null));
  }

  /**
   * Breaks the next connection that executes a statement with this text in it outside of any
   * transaction, before or after it has happened: such a statement commits by itself. What else
   * executes it, such as the sweeps of a started Plinth, can be hit too.
   */
  public void loseNextStatement(String part, Loss loss) {
    awaited.set(new Awaited(loss, part));
  }

  /** True while a loss that was asked for has not come about. */
  public boolean isLossPending() {
    return awaited.get() != null;
  }

  /** Holds back whatever a client sends for so long. */
  public void delay(Duration each) {
    delay = each;
  }

  /** How many connections there are. */
  public int connections() {
    return connections.size();
  }

  /** How often clients have sent something whose answer they wait for, since the beginning. */
  public long roundTrips() {
    return roundTrips.get();
  }

  void countRoundTrip() {
    roundTrips.incrementAndGet();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        if (refusing) {
          client.close();
        } else {
          begin(client);
        }
      } catch (IOException e) {
        LOG.debug("Closed, or a client was gone before it was accepted", e);
      }
    }
  }

  private void begin(Socket client) throws IOException {
    Socket upstream = new Socket();
    try {
      upstream.connect(new InetSocketAddress(server.getHost(), port()), 10_000);
    } catch (IOException e) {
      client.close();
      throw e;
    }
    client.setTcpNoDelay(true);
    upstream.setTcpNoDelay(true);
    ProxiedConnection connection = new ProxiedConnection(this, client, upstream);
    connections.add(connection);
    connection.begin();
  }

  private int port() {
    return server.getPort() < 0 ? 5432 : server.getPort();
  }

  Duration delay() {
    return delay;
  }

  /** What is to become of a COMMIT that is about to be sent; asked for once. */
  @Nullable Loss takeCommitLoss() {
    return taken(part -> part == null);
  }

  /** The same of a statement that is about to be executed outside of any transaction. */
  @Nullable Loss takeStatementLoss(String sql) {
    return taken(part -> part != null && sql.contains(part));
  }

  private @Nullable Loss taken(Predicate<@Nullable String> meant) {
    Awaited loss = awaited.get();
    return loss != null && meant.test(loss.statement()) && awaited.compareAndSet(loss, null)
        ? loss.loss()
        : null;
  }

  void ended(ProxiedConnection connection) {
    connections.remove(connection);
  }

  /** Breaks every connection and takes no more. */
  @Override
  public void close() {
    refusing = true;
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      cutAll();
    }
  }
}
