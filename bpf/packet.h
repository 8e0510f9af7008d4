/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known about a packet while it travels through the program. */
#ifndef SHOAL_PACKET_H
#define SHOAL_PACKET_H

#include "shoal_types.h"

/* Walks a packet from its start; see shoal_pull(). */
struct shoal_cursor {
	void *pos;
	void *end;
};

/* How headers of TCP and of UDP begin. */
struct shoal_ports {
	__be16 source;
	__be16 destination;
};

/* What travels. A constant wherever it is asked for, since the journey is inlined once for each:
 * what is done for errors costs packets of flows nothing.
 */
enum shoal_matter {
	SHOAL_MATTER_FLOW, /* a packet of the flow */
	SHOAL_MATTER_ERROR, /* an ICMP error about one; see icmp.h */
};

struct shoal_packet {
	struct xdp_md *ctx;
	struct ethhdr *eth;
	/* Asked before either pointer: of a flag the verifier knows the value, of a pointer not
	 * that it is not NULL.
	 */
	bool is_ipv6;
	struct iphdr *ipv4;
	struct ipv6hdr *ipv6;
	/* Asked before one of the next pointers, for the same reason. */
	bool is_udp;
	struct tcphdr *tcp;
	struct udphdr *udp;
	struct shoal_ports *ports; /* of either */
	struct shoal_flow flow;
	bool is_from_router; /* an ICMP error, by neither end of the flow */
	__u32 bytes;
	/* What was decided, for the one exit. */
	int action;
	__u32 listener;
	__u32 target;
};

static __always_inline void shoal_address_set_ipv4(struct shoal_address *address, __be32 ipv4)
{
	address->words[0] = 0;
	address->words[1] = 0;
	address->words[2] = bpf_htonl(0xffff);
	address->words[3] = ipv4;
}

static __always_inline void shoal_address_set_ipv6(struct shoal_address *address,
						   const struct in6_addr *ipv6)
{
	address->words[0] = ipv6->in6_u.u6_addr32[0];
	address->words[1] = ipv6->in6_u.u6_addr32[1];
	address->words[2] = ipv6->in6_u.u6_addr32[2];
	address->words[3] = ipv6->in6_u.u6_addr32[3];
}

#endif
