package io.dragonfly.internal.supernode;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.peer.PeerId;

/**
 * A supernode as a client in the same process sees it.
 *
 * @param api its control calls; callers are trusted
 * @param pieces its CDN cache, which gives inside the process without a capability
 * @param id the name of its CDN cache in assignments
 */
public record LocalSupernode(SupernodeApi api, StoredPieceService pieces, PeerId id) {}
