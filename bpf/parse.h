/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From bytes to a flow: Ethernet, IPv4 with options, IPv6, TCP, UDP. */
#ifndef SHOAL_PARSE_H
#define SHOAL_PARSE_H

#include "packet.h"
#include "shoal_reason.h"

/* A step that found nothing to say returns this, and the packet travels on. */
#define SHOAL_CONTINUE ((enum shoal_reason)SHOAL_REASON_COUNT)

/* More-fragments bit and fragment offset (RFC 791, 3.1). */
#define SHOAL_IPV4_FRAGMENT_MASK 0x3fff

/* The header of `len` bytes under the cursor, which then moves past it; NULL when the packet ends
 * first. All comparisons with data_end are here, so the rest of the program can't forget one.
 */
static __always_inline void *shoal_pull(struct shoal_cursor *cursor, __u32 len)
{
	void *header = cursor->pos;

	if (header + len > cursor->end)
		return NULL;
	cursor->pos = header + len;
	return header;
}

/* `bytes`: what the IP header says that there is. */
static __always_inline enum shoal_reason shoal_parse_tcp(struct shoal_cursor *cursor,
							 struct shoal_packet *packet, __u32 bytes)
{
	struct tcphdr *tcp = shoal_pull(cursor, sizeof(*tcp));

	if (!tcp || bytes < sizeof(*tcp))
		return SHOAL_REASON_TRUNCATED;
	packet->tcp = tcp;
	packet->ports = (struct shoal_ports *)tcp;
	packet->flow.protocol = IPPROTO_TCP;
	return SHOAL_CONTINUE;
}

static __always_inline enum shoal_reason shoal_parse_udp(struct shoal_cursor *cursor,
							 struct shoal_packet *packet, __u32 bytes)
{
	struct udphdr *udp = shoal_pull(cursor, sizeof(*udp));

	if (!udp || bpf_ntohs(udp->len) < sizeof(*udp) || bpf_ntohs(udp->len) > bytes)
		return SHOAL_REASON_TRUNCATED;
	packet->is_udp = true;
	packet->udp = udp;
	packet->ports = (struct shoal_ports *)udp;
	packet->flow.protocol = IPPROTO_UDP;
	return SHOAL_CONTINUE;
}

static __always_inline enum shoal_reason shoal_parse_ports(struct shoal_cursor *cursor,
							   struct shoal_packet *packet,
							   __u8 protocol, __u32 bytes)
{
	enum shoal_reason reason;

	if (protocol == IPPROTO_TCP)
		reason = shoal_parse_tcp(cursor, packet, bytes);
	else
		reason = shoal_parse_udp(cursor, packet, bytes);
	if (reason != SHOAL_CONTINUE)
		return reason;
	packet->flow.source_port = packet->ports->source;
	packet->flow.destination_port = packet->ports->destination;
	return SHOAL_CONTINUE;
}

static __always_inline bool shoal_is_served(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static __always_inline enum shoal_reason shoal_parse_ipv4(struct shoal_cursor *cursor,
							  struct shoal_packet *packet)
{
	struct iphdr *ip = shoal_pull(cursor, sizeof(*ip));
	__u32 header_bytes;

	if (!ip)
		return SHOAL_REASON_TRUNCATED;
	header_bytes = ip->ihl * 4;
	if (ip->version != 4 || header_bytes < sizeof(*ip))
		return SHOAL_REASON_TRUNCATED;
	/* Again from the start, options included: the verifier can bound ihl × 4, not the difference. */
	cursor->pos = ip;
	if (!shoal_pull(cursor, header_bytes))
		return SHOAL_REASON_TRUNCATED;
	packet->ipv4 = ip;
	if (!shoal_is_served(ip->protocol))
		return SHOAL_REASON_OTHER_PROTOCOL;
	if (ip->frag_off & bpf_htons(SHOAL_IPV4_FRAGMENT_MASK))
		return SHOAL_REASON_FRAGMENT;
	if (bpf_ntohs(ip->tot_len) < header_bytes)
		return SHOAL_REASON_TRUNCATED;

	packet->bytes = bpf_ntohs(ip->tot_len);
	shoal_address_set_ipv4(&packet->flow.source, ip->saddr);
	shoal_address_set_ipv4(&packet->flow.destination, ip->daddr);
	return shoal_parse_ports(cursor, packet, ip->protocol, packet->bytes - header_bytes);
}

static __always_inline enum shoal_reason shoal_parse_ipv6(struct shoal_cursor *cursor,
							  struct shoal_packet *packet)
{
	struct ipv6hdr *ip = shoal_pull(cursor, sizeof(*ip));

	if (!ip || ip->version != 6)
		return SHOAL_REASON_TRUNCATED;
	packet->is_ipv6 = true;
	packet->ipv6 = ip;
	if (!shoal_is_served(ip->nexthdr))
		return SHOAL_REASON_OTHER_PROTOCOL;
	packet->bytes = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	shoal_address_set_ipv6(&packet->flow.source, &ip->saddr);
	shoal_address_set_ipv6(&packet->flow.destination, &ip->daddr);
	return shoal_parse_ports(cursor, packet, ip->nexthdr, bpf_ntohs(ip->payload_len));
}

/* Fills the packet's headers and its flow. Where it says more than SHOAL_CONTINUE, nothing of the
 * flow is known.
 */
static __always_inline enum shoal_reason shoal_parse(struct shoal_packet *packet)
{
	struct shoal_cursor cursor = {
		.pos = (void *)(long)packet->ctx->data,
		.end = (void *)(long)packet->ctx->data_end,
	};

	packet->bytes = cursor.end - cursor.pos;
	packet->eth = shoal_pull(&cursor, sizeof(*packet->eth));
	if (!packet->eth)
		return SHOAL_REASON_TRUNCATED;
	switch (packet->eth->h_proto) {
	case bpf_htons(ETH_P_IP):
		return shoal_parse_ipv4(&cursor, packet);
	case bpf_htons(ETH_P_IPV6):
		return shoal_parse_ipv6(&cursor, packet);
	default:
		return SHOAL_REASON_NOT_IP;
	}
}

#endif
