/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a packet was forwarded, passed or dropped: the one list from which the enum, the labels of
 * the metrics and the verdict of the program come. Every packet is counted once, under one of them.
 */
#ifndef SHOAL_REASON_H
#define SHOAL_REASON_H

/* X(NAME, label, verdict, what it means to an operator)
 *   verdict  FORWARD  sent on by the program itself
 *            PASS     left to the kernel, untouched
 *            KERNEL   left to the kernel with its addresses translated: the kernel routes it
 *            DROP
 * New reasons go to the end: the numbers are indices of a pinned map.
 */
#define SHOAL_REASONS(X)                                                                           \
	X(TO_TARGET, "to_target", FORWARD, "a client's packet, sent to its target")                \
	X(TO_CLIENT, "to_client", FORWARD, "a target's reply, sent to the client from the VIP")    \
	X(NOT_IP, "not_ip", PASS, "neither IPv4 nor IPv6, or inside a VLAN tag")                   \
	X(OTHER_PROTOCOL, "other_protocol", PASS, "an IP protocol that no listener serves")        \
	X(TRUNCATED, "truncated", PASS, "ends before its headers do, or its lengths contradict")   \
	X(FRAGMENT, "fragment", PASS, "an IPv4 fragment, which may carry no ports")                \
	X(NO_LISTENER, "no_listener", PASS, "no listener and no target's reply: not for us")       \
	X(TO_BALANCER, "to_balancer", PASS, "a target's reply to a socket of ours, as to a probe") \
	X(NO_NEIGHBOUR, "no_neighbour", KERNEL, "the next hop's MAC address is not known yet")     \
	X(NO_ROUTE, "no_route", KERNEL, "the routing table has no usable way to the destination")  \
	X(FORWARDING_OFF, "forwarding_off", KERNEL, "IP forwarding is off on this interface")      \
	X(NOT_ATTACHED, "not_attached", KERNEL, "leaves by an interface that is not attached")     \
	X(TTL_EXPIRED, "ttl_expired", DROP, "its TTL or hop limit ends at the balancer")           \
	X(NO_TARGET, "no_target", DROP, "its service has no target that may take it")              \
	X(INTERNAL, "internal", DROP, "the maps contradict each other: a defect of Shoal")         \
	X(ERROR_TO_TARGET, "error_to_target", FORWARD, "an ICMP error about a target's reply")     \
	X(ERROR_TO_CLIENT, "error_to_client", FORWARD, "an ICMP error about a client's request")   \
	X(UNREACHABLE, "unreachable", DROP, "its target's MAC address or interface is not known")

#define SHOAL_REASON_ENUM(name, label, verdict, meaning) SHOAL_REASON_##name,
enum shoal_reason { SHOAL_REASONS(SHOAL_REASON_ENUM) SHOAL_REASON_COUNT };
#undef SHOAL_REASON_ENUM

enum shoal_verdict {
	SHOAL_VERDICT_FORWARD,
	SHOAL_VERDICT_PASS,
	SHOAL_VERDICT_KERNEL,
	SHOAL_VERDICT_DROP,
};

#ifndef __bpf__
/* For user space: the label of a reason, NULL beyond the list. */
static inline const char *shoal_reason_label(unsigned int reason)
{
#define SHOAL_REASON_LABEL(name, label, verdict, meaning) label,
	static const char *const labels[] = { SHOAL_REASONS(SHOAL_REASON_LABEL) };
#undef SHOAL_REASON_LABEL
	return reason < SHOAL_REASON_COUNT ? labels[reason] : 0;
}

/* For user space: what a reason means, in words for an operator; NULL beyond the list. */
static inline const char *shoal_reason_meaning(unsigned int reason)
{
#define SHOAL_REASON_MEANING(name, label, verdict, meaning) meaning,
	static const char *const meanings[] = { SHOAL_REASONS(SHOAL_REASON_MEANING) };
#undef SHOAL_REASON_MEANING
	return reason < SHOAL_REASON_COUNT ? meanings[reason] : 0;
}

/* For user space: what becomes of a packet for this reason; DROP beyond the list. */
static inline enum shoal_verdict shoal_reason_verdict(unsigned int reason)
{
#define SHOAL_REASON_VERDICT(name, label, verdict, meaning) SHOAL_VERDICT_##verdict,
	static const enum shoal_verdict verdicts[] = { SHOAL_REASONS(SHOAL_REASON_VERDICT) };
#undef SHOAL_REASON_VERDICT
	return reason < SHOAL_REASON_COUNT ? verdicts[reason] : SHOAL_VERDICT_DROP;
}
#endif

#endif
