/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mode nat: a request's destination becomes the target's, a reply's source becomes the VIP's. */
#ifndef SHOAL_NAT_H
#define SHOAL_NAT_H

#include "checksum.h"
#include "icmp.h"
#include "packet.h"

/* An address and port that replaces another, and what that does to sums. */
struct shoal_rewrite {
	const struct shoal_address *address;
	__be16 port;
	__u32 address_delta;
};

/* One hop less to live. The sum of the word that holds TTL and protocol falls by one in its first
 * byte (RFC 1141).
 */
static __always_inline void shoal_age(struct shoal_packet *packet)
{
	if (packet->is_ipv6) {
		packet->ipv6->hop_limit--;
		return;
	}
	packet->ipv4->ttl--;
	packet->ipv4->check =
		shoal_checksum_add(packet->ipv4->check, shoal_sum_delta(bpf_htons(0x0100), 0));
}

static __always_inline bool shoal_is_too_old(const struct shoal_packet *packet)
{
	return (packet->is_ipv6 ? packet->ipv6->hop_limit : packet->ipv4->ttl) <= 1;
}

static __always_inline void shoal_rewrite_ipv4(struct iphdr *ip, __be32 *field,
					       const struct shoal_rewrite *rewrite)
{
	*field = rewrite->address->words[3];
	ip->check = shoal_checksum_add(ip->check, rewrite->address_delta);
}

static __always_inline void shoal_rewrite_ipv6(struct in6_addr *field,
					       const struct shoal_rewrite *rewrite)
{
	field->in6_u.u6_addr32[0] = rewrite->address->words[0];
	field->in6_u.u6_addr32[1] = rewrite->address->words[1];
	field->in6_u.u6_addr32[2] = rewrite->address->words[2];
	field->in6_u.u6_addr32[3] = rewrite->address->words[3];
}

/* A checksum of 0 says that there is none, and so one that is 0 is written as 0xffff (RFC 768). */
static __always_inline void shoal_update_udp(struct udphdr *udp, __u32 delta)
{
	if (!udp->check)
		return;
	udp->check = shoal_checksum_add(udp->check, delta);
	if (!udp->check)
		udp->check = 0xffff;
}

/* TCP and UDP cover the addresses, too, through their pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1).
 */
static __always_inline void shoal_rewrite_port(struct shoal_packet *packet, __be16 *field,
					       const struct shoal_rewrite *rewrite)
{
	__u32 delta = rewrite->address_delta + shoal_sum_delta(*field, rewrite->port);

	if (packet->is_udp)
		shoal_update_udp(packet->udp, delta);
	else
		packet->tcp->check = shoal_checksum_add(packet->tcp->check, delta);
	*field = rewrite->port;
}

static __always_inline void shoal_rewrite_destination(struct shoal_packet *packet,
						      enum shoal_matter matter,
						      const struct shoal_rewrite *rewrite)
{
	if (packet->is_ipv6)
		shoal_rewrite_ipv6(&packet->ipv6->daddr, rewrite);
	else
		shoal_rewrite_ipv4(packet->ipv4, &packet->ipv4->daddr, rewrite);
	if (matter == SHOAL_MATTER_ERROR)
		shoal_rewrite_quote(packet->ctx, rewrite->address, rewrite->address_delta,
				    rewrite->port, SHOAL_QUOTED_SOURCE | SHOAL_OUTER_TOO);
	else
		shoal_rewrite_port(packet, &packet->ports->destination, rewrite);
	shoal_age(packet);
}

static __always_inline void shoal_rewrite_source(struct shoal_packet *packet,
						 enum shoal_matter matter,
						 const struct shoal_rewrite *rewrite)
{
	/* A router that tells of an error keeps its own name. */
	if (matter == SHOAL_MATTER_ERROR && packet->is_from_router)
		;
	else if (packet->is_ipv6)
		shoal_rewrite_ipv6(&packet->ipv6->saddr, rewrite);
	else
		shoal_rewrite_ipv4(packet->ipv4, &packet->ipv4->saddr, rewrite);
	if (matter == SHOAL_MATTER_ERROR)
		shoal_rewrite_quote(packet->ctx, rewrite->address, rewrite->address_delta,
				    rewrite->port, packet->is_from_router ? 0 : SHOAL_OUTER_TOO);
	else
		shoal_rewrite_port(packet, &packet->ports->source, rewrite);
	shoal_age(packet);
}

#endif
