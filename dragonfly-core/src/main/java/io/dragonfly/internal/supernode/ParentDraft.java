package io.dragonfly.internal.supernode;

import io.dragonfly.control.Parent;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.time.Instant;

/**
 * A parent that is to be described, before its capability is made.
 *
 * @param number stands for it in assignments
 * @param holder who it is
 * @param expires when the capability expires
 */
record ParentDraft(int number, Holder holder, Instant expires) {
  Parent issue(TaskId task, PeerId child, ChildAddresses addresses) {
    Peer parent = holder.peer(addresses);
    InetAddress from = addresses.towards(parent.address().getAddress());
    return new Parent(number, parent, holder.capability(task, child, from, expires));
  }
}
