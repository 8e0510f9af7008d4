/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mode dsr: a request goes to its target as it is, but for MAC addresses and TTL. The target has
 * the VIP, on an interface that does not answer for it, and replies to the client without us.
 *
 * To the kernel the VIP is this host, which would answer itself: what the program cannot send, no
 * one can, and it is dropped. The TTL falls, though no router is on the way, so that a target which
 * lacks the VIP and sends packets back to it makes no endless loop.
 */
#ifndef SHOAL_DSR_H
#define SHOAL_DSR_H

#include "count.h"
#include "nat.h"
#include "neighbour.h"
#include "packet.h"

/* `found`: what the search for the next hop came to. An ICMP error about a reply is sent the same
 * way: it quotes addresses that the target knows.
 */
static __always_inline enum shoal_reason shoal_send_unchanged(struct shoal_packet *packet,
							      enum shoal_reason found,
							      const struct bpf_fib_lookup *hop,
							      enum shoal_reason forwarded)
{
	if (found != SHOAL_CONTINUE || shoal_send(packet, hop, forwarded) != forwarded)
		return SHOAL_REASON_UNREACHABLE;
	shoal_age(packet);
	shoal_count_to_target(packet);
	return forwarded;
}

#endif
