package dev.plinth.core.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A name for people: the host's name and the process id. Identity is the instance's UUID, never
 * this.
 */
final class NodeName {
  private NodeName() {}

  static String ofThisProcess() {
    long pid = ProcessHandle.current().pid();
    try {
      return InetAddress.getLocalHost().getHostName() + ":" + pid;
    } catch (UnknownHostException e) {
      return "localhost:" + pid;
    }
  }
}
