/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The next hop: which interface and which MAC address lead to a destination. */
#ifndef SHOAL_NEIGHBOUR_H
#define SHOAL_NEIGHBOUR_H

#include "maps.h"
#include "packet.h"
#include "parse.h"

#define SHOAL_AF_INET 2
#define SHOAL_AF_INET6 10

/* Asks the kernel's routing and neighbour tables for the way from `source` to `destination`.
 * Nothing of the packet is changed. That nothing is to be forwarded can mean that this host is the
 * destination or that no route was found, for a moment perhaps: both are SHOAL_REASON_NO_ROUTE.
 */
static __always_inline enum shoal_reason
shoal_find_next_hop(const struct shoal_packet *packet, const struct shoal_address *source,
		    const struct shoal_address *destination, struct bpf_fib_lookup *hop)
{
	hop->ifindex = packet->ctx->ingress_ifindex;
	hop->l4_protocol = packet->flow.protocol;
	if (packet->is_ipv6) {
		hop->family = SHOAL_AF_INET6;
		hop->flowinfo = *(__be32 *)packet->ipv6 & bpf_htonl(0x0fffffff);
		__builtin_memcpy(hop->ipv6_src, source, sizeof(*source));
		__builtin_memcpy(hop->ipv6_dst, destination, sizeof(*destination));
	} else {
		hop->family = SHOAL_AF_INET;
		hop->tos = packet->ipv4->tos;
		hop->ipv4_src = source->words[3];
		hop->ipv4_dst = destination->words[3];
	}

	switch (bpf_fib_lookup(packet->ctx, hop, sizeof(*hop), 0)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		return SHOAL_CONTINUE;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		return SHOAL_REASON_NO_NEIGHBOUR;
	case BPF_FIB_LKUP_RET_FWD_DISABLED:
		return SHOAL_REASON_FORWARDING_OFF;
	default:
		return SHOAL_REASON_NO_ROUTE;
	}
}

/* The way to a target: what the controller has found out, as long as it is there to follow changes
 * of the host's network; else what the kernel's tables say now.
 */
static __always_inline enum shoal_reason shoal_find_target_hop(const struct shoal_packet *packet,
							       const struct shoal_target *target,
							       struct bpf_fib_lookup *hop)
{
	__u64 word = *(const volatile __u64 *)&target->next_hop;
	struct shoal_next_hop known;
	struct shoal_egress *egress;
	__u32 key;

	__builtin_memcpy(&known, &word, sizeof(known));
	key = known.egress;
	egress = key ? bpf_map_lookup_elem(&egresses, &key) : 0;
	if (!egress || egress->until <= bpf_jiffies64())
		return shoal_find_next_hop(packet, &packet->flow.source, &target->address, hop);
	hop->ifindex = egress->interface;
	__builtin_memcpy(hop->dmac, known.mac, sizeof(hop->dmac));
	__builtin_memcpy(hop->smac, egress->mac, sizeof(hop->smac));
	return SHOAL_CONTINUE;
}

/* Sends the packet to a next hop: back out of its own interface or by another one that the program
 * is attached to. `forwarded` is the reason when that is so.
 */
static __always_inline enum shoal_reason shoal_send(struct shoal_packet *packet,
						    const struct bpf_fib_lookup *hop,
						    enum shoal_reason forwarded)
{
	packet->action = XDP_TX;
	if (hop->ifindex != packet->ctx->ingress_ifindex)
		packet->action = bpf_redirect_map(&interfaces, hop->ifindex, XDP_PASS);
	if (packet->action == XDP_PASS)
		return SHOAL_REASON_NOT_ATTACHED;

	__builtin_memcpy(packet->eth->h_dest, hop->dmac, ETH_ALEN);
	__builtin_memcpy(packet->eth->h_source, hop->smac, ETH_ALEN);
	return forwarded;
}

#endif
