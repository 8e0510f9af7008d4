/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors about flows: they travel with the flow, to whoever sent the packet that they quote
 * (RFC 5508, section 4).
 *
 *   about a reply:   somebody -> VIP      quotes VIP -> client       to the client's target
 *   about a request: somebody -> client   quotes client -> target    to the client
 *
 * Both quote what they have seen, so addresses and ports in the quotation are translated back.
 * Without the first, no server learns that a path is too narrow for its packets (RFC 1191); without
 * the second, no client that a port is closed.
 *
 * The two functions are not inlined, and are given nothing but the context and numbers: packets of
 * flows do not pay for them.
 */
#ifndef SHOAL_ICMP_H
#define SHOAL_ICMP_H

#include "checksum.h"
#include "packet.h"
#include "parse.h"

/* RFC 792 and RFC 4443, section 2.1. linux/icmp.h needs headers of the C library. */
struct shoal_icmp {
	__u8 type;
	__u8 code;
	__u16 check;
	__be32 rest;
};

#define SHOAL_ICMP_UNREACHABLE 3
#define SHOAL_ICMP_TIME_EXCEEDED 11
#define SHOAL_ICMP_PARAMETER_PROBLEM 12
#define SHOAL_ICMPV6_UNREACHABLE 1
#define SHOAL_ICMPV6_PARAMETER_PROBLEM 4

/* Fragment offset (RFC 791, 3.1): only the first fragment has ports. */
#define SHOAL_IPV4_OFFSET_MASK 0x1fff

/* All that an error need quote after the IP header: UDP's checksum is in it, TCP's comes later. */
#define SHOAL_QUOTED_BYTES 8
#define SHOAL_TCP_SUM_BYTES_AFTER 10

/* The headers of an error, the first of all its own. */
struct shoal_error {
	bool is_ipv6;
	bool is_udp;
	struct iphdr *ipv4;
	struct ipv6hdr *ipv6;
	struct shoal_icmp *icmp;
	struct iphdr *quoted_ipv4;
	struct ipv6hdr *quoted_ipv6;
	struct shoal_ports *ports;
	bool has_checksum;
	__u16 *checksum;
};

/* What an error says about a flow. */
struct shoal_quote {
	struct shoal_flow flow; /* the quoted packet's, turned round */
	bool is_from_receiver; /* of the quoted packet, and not from a router on the way there */
};

/* The ports that an error quotes, and the checksum as far as it does. */
static __always_inline enum shoal_reason shoal_parse_quoted_ports(struct shoal_cursor *cursor,
								  struct shoal_error *error)
{
	error->ports = shoal_pull(cursor, SHOAL_QUOTED_BYTES);
	if (!error->ports)
		return SHOAL_REASON_TRUNCATED;
	if (error->is_udp) {
		error->checksum = &((struct udphdr *)error->ports)->check;
		error->has_checksum = *error->checksum;
	} else {
		error->checksum = &((struct tcphdr *)error->ports)->check;
		error->has_checksum = shoal_pull(cursor, SHOAL_TCP_SUM_BYTES_AFTER);
	}
	return SHOAL_CONTINUE;
}

/* An IPv4 header with its options; NULL when the packet ends first. */
static __always_inline struct iphdr *shoal_pull_ipv4(struct shoal_cursor *cursor)
{
	struct iphdr *ip = shoal_pull(cursor, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl * 4 < sizeof(*ip))
		return NULL;
	cursor->pos = ip;
	return shoal_pull(cursor, ip->ihl * 4) ? ip : NULL;
}

static __always_inline enum shoal_reason shoal_parse_error_ipv4(struct shoal_cursor *cursor,
								struct shoal_error *error)
{
	struct iphdr *quoted;
	__u8 type;

	error->ipv4 = shoal_pull_ipv4(cursor);
	if (!error->ipv4)
		return SHOAL_REASON_TRUNCATED;
	if (error->ipv4->protocol != IPPROTO_ICMP)
		return SHOAL_REASON_OTHER_PROTOCOL;
	if (error->ipv4->frag_off & bpf_htons(SHOAL_IPV4_FRAGMENT_MASK))
		return SHOAL_REASON_FRAGMENT;
	error->icmp = shoal_pull(cursor, sizeof(*error->icmp));
	if (!error->icmp)
		return SHOAL_REASON_TRUNCATED;
	type = error->icmp->type;
	if (type != SHOAL_ICMP_UNREACHABLE && type != SHOAL_ICMP_TIME_EXCEEDED &&
	    type != SHOAL_ICMP_PARAMETER_PROBLEM)
		return SHOAL_REASON_OTHER_PROTOCOL;

	quoted = shoal_pull_ipv4(cursor);
	if (!quoted)
		return SHOAL_REASON_TRUNCATED;
	if (!shoal_is_served(quoted->protocol))
		return SHOAL_REASON_OTHER_PROTOCOL;
	if (quoted->frag_off & bpf_htons(SHOAL_IPV4_OFFSET_MASK))
		return SHOAL_REASON_FRAGMENT;
	error->quoted_ipv4 = quoted;
	error->is_udp = quoted->protocol == IPPROTO_UDP;
	return shoal_parse_quoted_ports(cursor, error);
}

static __always_inline enum shoal_reason shoal_parse_error_ipv6(struct shoal_cursor *cursor,
								struct shoal_error *error)
{
	struct ipv6hdr *quoted;

	error->ipv6 = shoal_pull(cursor, sizeof(*error->ipv6));
	if (!error->ipv6)
		return SHOAL_REASON_TRUNCATED;
	if (error->ipv6->nexthdr != IPPROTO_ICMPV6)
		return SHOAL_REASON_OTHER_PROTOCOL;
	error->icmp = shoal_pull(cursor, sizeof(*error->icmp));
	if (!error->icmp)
		return SHOAL_REASON_TRUNCATED;
	if (error->icmp->type < SHOAL_ICMPV6_UNREACHABLE ||
	    error->icmp->type > SHOAL_ICMPV6_PARAMETER_PROBLEM)
		return SHOAL_REASON_OTHER_PROTOCOL;

	quoted = shoal_pull(cursor, sizeof(*quoted));
	if (!quoted || quoted->version != 6)
		return SHOAL_REASON_TRUNCATED;
	if (!shoal_is_served(quoted->nexthdr))
		return SHOAL_REASON_OTHER_PROTOCOL;
	error->quoted_ipv6 = quoted;
	error->is_udp = quoted->nexthdr == IPPROTO_UDP;
	return shoal_parse_quoted_ports(cursor, error);
}

static __always_inline enum shoal_reason shoal_parse_error(struct xdp_md *ctx,
							   struct shoal_error *error)
{
	struct shoal_cursor cursor = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	struct ethhdr *eth = shoal_pull(&cursor, sizeof(*eth));
	enum shoal_reason reason;
	__u32 is_ipv6;

	if (!eth)
		return SHOAL_REASON_TRUNCATED;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		is_ipv6 = 0;
		reason = shoal_parse_error_ipv4(&cursor, error);
	} else {
		is_ipv6 = 1;
		reason = shoal_parse_error_ipv6(&cursor, error);
	}
	/* Else the compiler compares h_proto again, of which the verifier knows less. */
	asm volatile("" : "+r"(is_ipv6));
	error->is_ipv6 = is_ipv6;
	return reason;
}

static __always_inline bool shoal_is_same(const struct in6_addr *one, const struct in6_addr *other)
{
	const __be32 *words = one->in6_u.u6_addr32, *others = other->in6_u.u6_addr32;

	return words[0] == others[0] && words[1] == others[1] && words[2] == others[2] &&
	       words[3] == others[3];
}

/* Fills in what an error says. It must be for whoever sent the packet that it quotes; what is not
 * so is no error of ours.
 */
static __noinline int shoal_read_error(struct xdp_md *ctx, struct shoal_quote *quote)
{
	struct shoal_error error = {};
	enum shoal_reason reason = shoal_parse_error(ctx, &error);
	struct ipv6hdr *ipv6 = error.quoted_ipv6;
	struct iphdr *ipv4 = error.quoted_ipv4;
	bool is_to_sender;

	if (reason != SHOAL_CONTINUE)
		return reason;
	if (error.is_ipv6) {
		is_to_sender = shoal_is_same(&error.ipv6->daddr, &ipv6->saddr);
		quote->is_from_receiver = shoal_is_same(&error.ipv6->saddr, &ipv6->daddr);
		shoal_address_set_ipv6(&quote->flow.source, &ipv6->daddr);
		shoal_address_set_ipv6(&quote->flow.destination, &ipv6->saddr);
	} else {
		is_to_sender = error.ipv4->daddr == ipv4->saddr;
		quote->is_from_receiver = error.ipv4->saddr == ipv4->daddr;
		shoal_address_set_ipv4(&quote->flow.source, ipv4->daddr);
		shoal_address_set_ipv4(&quote->flow.destination, ipv4->saddr);
	}
	quote->flow.source_port = error.ports->destination;
	quote->flow.destination_port = error.ports->source;
	quote->flow.protocol = error.is_udp ? IPPROTO_UDP : IPPROTO_TCP;
	return is_to_sender ? SHOAL_CONTINUE : SHOAL_REASON_NO_LISTENER;
}

#define SHOAL_QUOTED_SOURCE 1 /* rather than the destination */
#define SHOAL_OUTER_TOO 2 /* the error's own header has got the address, too */

/* Puts another address and port into the quotation of an error that was read. Of the error's own
 * header, ICMPv6's sum covers the addresses, ICMP's does not.
 */
static __noinline int shoal_rewrite_quote(struct xdp_md *ctx, const struct shoal_address *address,
					  __u32 address_delta, __be16 port, __u32 flags)
{
	bool is_source = flags & SHOAL_QUOTED_SOURCE;
	struct shoal_error error = {};
	__u32 port_delta, delta;
	__be16 *field;
	__u16 before;

	if (shoal_parse_error(ctx, &error) != SHOAL_CONTINUE)
		return -1;

	field = is_source ? &error.ports->source : &error.ports->destination;
	port_delta = shoal_sum_delta(*field, port);
	delta = port_delta + address_delta;
	*field = port;
	if (error.is_ipv6) {
		struct ipv6hdr *ip = error.quoted_ipv6;

		__builtin_memcpy(is_source ? &ip->saddr : &ip->daddr, address, sizeof(*address));
		if (flags & SHOAL_OUTER_TOO)
			delta += address_delta;
	} else {
		struct iphdr *ip = error.quoted_ipv4;

		before = ip->check;
		if (is_source)
			ip->saddr = address->words[3];
		else
			ip->daddr = address->words[3];
		ip->check = shoal_checksum_add(before, address_delta);
		delta += shoal_sum_delta(before, ip->check);
	}
	if (error.has_checksum) {
		before = *error.checksum;
		*error.checksum = shoal_checksum_add(before, port_delta + address_delta);
		if (error.is_udp && !*error.checksum)
			*error.checksum = 0xffff;
		delta += shoal_sum_delta(before, *error.checksum);
	}
	error.icmp->check = shoal_checksum_add(error.icmp->check, delta);
	return 0;
}

#endif
