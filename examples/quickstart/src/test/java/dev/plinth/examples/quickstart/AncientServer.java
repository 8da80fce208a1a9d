package dev.plinth.examples.quickstart;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * As much of a PostgreSQL 13 as a client meets before its first query (the protocol's start-up,
 * version 3.0): the server says who it is, and the client decides.
 */
final class AncientServer implements AutoCloseable {
  private static final int ENCRYPTION_REQUEST_SSL = 80877103;
  private static final int ENCRYPTION_REQUEST_GSS = 80877104;

  private final ServerSocket socket;

  AncientServer() throws IOException {
    socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "ancient-server");
    thread.setDaemon(true);
    thread.start();
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:" + socket.getLocalPort() + "/postgres?user=postgres";
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        greet(client);
      } catch (IOException e) {
        if (!socket.isClosed()) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private static void greet(Socket client) throws IOException {
    DataInputStream in = new DataInputStream(client.getInputStream());
    DataOutputStream out = new DataOutputStream(client.getOutputStream());
    while (true) {
      int length = in.readInt();
      int code = in.readInt();
      in.skipNBytes(length - 8L);
      if (code != ENCRYPTION_REQUEST_SSL && code != ENCRYPTION_REQUEST_GSS) {
        break;
      }
      out.write('N');
    }
    message(out, 'R', new byte[] {0, 0, 0, 0});
    parameter(out, "server_version", "13.14");
    parameter(out, "server_encoding", "UTF8");
    parameter(out, "client_encoding", "UTF8");
    parameter(out, "DateStyle", "ISO, MDY");
    parameter(out, "TimeZone", "UTC");
    parameter(out, "integer_datetimes", "on");
    parameter(out, "standard_conforming_strings", "on");
    message(out, 'K', new byte[8]);
    message(out, 'Z', new byte[] {'I'});
    answerUntilClosed(in, out);
  }

  /** The driver sets things up with statements that return nothing; each gets an empty answer. */
  private static void answerUntilClosed(DataInputStream in, DataOutputStream out)
      throws IOException {
    for (int type = in.read(); type >= 0 && type != 'X'; type = in.read()) {
      in.skipNBytes(in.readInt() - 4L);
      switch (type) {
        case 'P' -> message(out, '1', new byte[0]);
        case 'B' -> message(out, '2', new byte[0]);
        case 'D' -> message(out, 'n', new byte[0]);
        case 'E' -> message(out, 'C', "SET\0".getBytes(StandardCharsets.US_ASCII));
        case 'S' -> message(out, 'Z', new byte[] {'I'});
        case 'Q' -> {
          message(out, 'C', "SET\0".getBytes(StandardCharsets.US_ASCII));
          message(out, 'Z', new byte[] {'I'});
        }
        default -> throw new IOException("An unexpected message: " + (char) type);
      }
    }
  }

  private static void parameter(DataOutputStream out, String name, String value)
      throws IOException {
    message(out, 'S', (name + '\0' + value + '\0').getBytes(StandardCharsets.US_ASCII));
  }

  private static void message(DataOutputStream out, char type, byte[] body) throws IOException {
    out.write(type);
    out.writeInt(body.length + 4);
    out.write(body);
    out.flush();
  }
}
