package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.control.Advice;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.Parent;
import io.dragonfly.control.Queued;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.Terms;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.time.Instant;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * The values that messages are made of. What comes by the thousand is an array without field names:
 * a parent is {@code [number, id, ip, port, zone, capability, certificate]}, the last one only if
 * there is one, an assignment {@code [first, step, count, parent]}, a list of digests {@code
 * [first, base64]}, a holding {@code [task, base64 of a bit set, least bit first, ticket]}, without
 * a ticket in a registration, a proof of the join token {@code [peer's nonce, supernode's nonce,
 * mac]}, a wait {@code [reason, place, length of the queue]}, revoked capabilities {@code [task,
 * child, seconds since 1970]}.
 */
final class ValuesJson {
  /** The year 33658. */
  private static final long MOST_SECONDS = 1_000_000_000_000L;

  private static final Pattern CERTIFICATE = Pattern.compile("sha256:[0-9a-f]{64}");

  private ValuesJson() {}

  static void writeCaller(JsonOut out, Caller caller) throws IOException {
    out.object(
        "peer",
        peer -> {
          peer.text("ip", Addresses.literal(caller.address().getAddress()));
          peer.number("port", caller.address().getPort());
          peer.text("zone", caller.zone());
          if (caller.other().isPresent()) {
            peer.text("otherIp", Addresses.literal(caller.other().get()));
          }
          if (!caller.certificate().isEmpty()) {
            peer.text("certificate", caller.certificate());
          }
          if (caller.proof().isPresent()) {
            writeProof(peer, caller.proof().get());
          }
        });
  }

  /** Reads who calls; the secret came in a header. */
  static Caller readCaller(JsonIn in, PeerSecret secret) throws WireException {
    JsonIn peer = in.get("peer");
    return new Caller(
        secret,
        Addresses.parse(peer.get("ip"), peer.get("port")),
        peer.find("zone", zone -> zone.text(Wire.MAX_ZONE)).orElse(""),
        peer.find("otherIp", Addresses::parse),
        peer.find("certificate", ValuesJson::readCertificate).orElse(""),
        peer.find("join", ValuesJson::readProof));
  }

  /** Checked here: a caller is not yet a peer. */
  private static String readCertificate(JsonIn in) throws WireException {
    String certificate = in.text();
    if (!CERTIFICATE.matcher(certificate).matches()) {
      throw in.wrong("a certificate's fingerprint");
    }
    return certificate;
  }

  private static void writeProof(JsonOut out, JoinProof proof) throws IOException {
    out.array(
        "join",
        array -> {
          array.element(proof.peerNonce());
          array.element(proof.supernodeNonce());
          array.element(proof.mac());
        });
  }

  private static JoinProof readProof(JsonIn in) throws WireException {
    return new JoinProof(in.at(0).text(), in.at(1).text(), in.at(2).text(), "");
  }

  static void writeHolding(JsonOut out, Holding holding) throws IOException {
    out.array(
        array -> {
          array.element(holding.task().hex());
          array.base64Element(holding.pieces().toByteArray());
          if (holding.ticket().isPresent()) {
            array.element(holding.ticket().get());
          }
        });
  }

  static Holding readHolding(JsonIn in) throws WireException {
    BitSet pieces = BitSet.valueOf(in.at(1).base64());
    if (pieces.length() > PieceLayout.MAX_PIECES) {
      throw in.at(1).wrong("a set of pieces: there are too many");
    }
    boolean hasTicket = in.list(part -> part).size() > 2;
    return new Holding(
        readTaskId(in.at(0)),
        pieces,
        hasTicket ? Optional.of(in.at(2).text(Wire.MAX_TICKET)) : Optional.empty());
  }

  static TaskId readTaskId(JsonIn in) throws WireException {
    return new TaskId(in.text());
  }

  static void writeParent(JsonOut out, Parent parent) throws IOException {
    out.array(
        array -> {
          array.element(parent.number());
          array.element(parent.peer().id().hex());
          array.element(Addresses.literal(parent.peer().address().getAddress()));
          array.element(parent.peer().address().getPort());
          array.element(parent.peer().zone());
          array.element(parent.capability());
          if (!parent.peer().certificate().isEmpty()) {
            array.element(parent.peer().certificate());
          }
        });
  }

  static Parent readParent(JsonIn in) throws WireException {
    boolean hasCertificate = in.list(part -> part).size() > 6;
    Peer peer =
        new Peer(
            new PeerId(in.at(1).text()),
            Addresses.parse(in.at(2), in.at(3)),
            in.at(4).text(Wire.MAX_ZONE),
            hasCertificate ? readCertificate(in.at(6)) : "");
    return new Parent(in.at(0).integer(), peer, in.at(5).text(Wire.MAX_CAPABILITY));
  }

  static void writeAssignment(JsonOut out, Assignment assignment) throws IOException {
    out.array(
        array -> {
          array.element(assignment.first());
          array.element(assignment.step());
          array.element(assignment.count());
          array.element(assignment.parent());
        });
  }

  static Assignment readAssignment(JsonIn in) throws WireException {
    return new Assignment(
        in.at(0).integer(), in.at(1).integer(), in.at(2).integer(), in.at(3).integer());
  }

  static void writeRevoked(JsonOut out, Revoked revoked) throws IOException {
    out.array(
        array -> {
          array.element(revoked.task().hex());
          array.element(revoked.child().hex());
          array.element(revoked.expires().getEpochSecond());
        });
  }

  static Revoked readRevoked(JsonIn in) throws WireException {
    long seconds = in.at(2).number();
    if (seconds > MOST_SECONDS) {
      throw in.at(2).wrong("a time in seconds since 1970");
    }
    return new Revoked(
        readTaskId(in.at(0)), new PeerId(in.at(1).text()), Instant.ofEpochSecond(seconds));
  }

  static void writeQueued(JsonOut out, Queued queued) throws IOException {
    out.array(
        "queued",
        array -> {
          array.element(queued.reason().name());
          array.element(queued.place());
          array.element(queued.length());
        });
  }

  /** Reads a wait. One for a reason that this version does not know is none. */
  static Optional<Queued> readQueued(JsonIn in) throws WireException {
    Optional<JsonIn> found = in.find("queued");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    JsonIn queued = found.get();
    int place = queued.at(1).integer();
    int length = queued.at(2).integer();
    return Values.named(Queued.Reason.class, queued.at(0).text())
        .map(reason -> new Queued(reason, place, length));
  }

  static void writeDigests(JsonOut out, PieceDigests digests) throws IOException {
    if (!digests.equals(PieceDigests.NONE)) {
      out.array(
          "digests",
          array -> {
            array.element(digests.first());
            array.base64Element(digests.list());
          });
    }
  }

  static PieceDigests readDigests(JsonIn in) throws WireException {
    Optional<JsonIn> found = in.find("digests");
    if (found.isEmpty()) {
      return PieceDigests.NONE;
    }
    PieceDigests digests =
        new PieceDigests(found.get().at(0).integer(), found.get().at(1).base64());
    if (digests.first() > PieceLayout.MAX_PIECES || digests.end() > PieceLayout.MAX_PIECES) {
      throw found.get().wrong("a list of digests: there are too many");
    }
    return digests;
  }

  static void writeAdvice(JsonOut out, Advice advice) throws IOException {
    out.object(
        "advice",
        object -> {
          object.flag("backToSource", advice.backToSource());
          object.list("contacts", advice.contacts(), ValuesJson::writeParent);
        });
  }

  static Advice readAdvice(JsonIn in) throws WireException {
    return new Advice(in.flag("backToSource"), in.list("contacts", ValuesJson::readParent));
  }

  static void writeTerms(JsonOut out, Terms terms) throws IOException {
    out.object(
        "terms",
        object -> {
          object.text("supernode", terms.supernode().hex());
          object.number("nowMillis", terms.now().toEpochMilli());
          object.number("leaseMillis", terms.lease().toMillis());
        });
  }

  static Terms readTerms(JsonIn in) throws WireException {
    JsonIn terms = in.get("terms");
    return new Terms(
        new PeerId(terms.get("supernode").text()),
        Instant.ofEpochMilli(terms.get("nowMillis").number()),
        terms.get("leaseMillis").millis(Wire.MAX_DURATION));
  }

  static void writeTask(JsonOut out, Task task) throws IOException {
    out.object(
        "task",
        object -> {
          object.text("id", task.id().hex());
          object.text("key", task.key().hex());
          object.number("pieceLength", task.layout().pieceLength());
          object.number("length", task.layout().length());
          object.text("validator", task.version().validator());
          object.number("sourceLength", task.version().length());
          object.text("digest", task.digest().map(Digest::toString));
        });
  }

  static Task readTask(JsonIn in) throws WireException {
    JsonIn task = in.get("task");
    return new Task(
        readTaskId(task.get("id")),
        new TaskKey(task.get("key").text()),
        new PieceLayout(task.get("pieceLength").integer(), readLength(task, "length")),
        new SourceVersion(task.find("validator", JsonIn::text), readLength(task, "sourceLength")),
        readDigest(task));
  }

  static Optional<Digest> readDigest(JsonIn in) throws WireException {
    return in.find("digest", JsonIn::text).map(Digest::parse);
  }

  static OptionalLong readLength(JsonIn in, String field) throws WireException {
    Optional<Long> length = in.find(field, JsonIn::number);
    return length.isPresent() ? OptionalLong.of(length.get()) : OptionalLong.empty();
  }
}
