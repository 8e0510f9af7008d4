/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting, and the one place where a reason becomes an XDP action. */
#ifndef SHOAL_COUNT_H
#define SHOAL_COUNT_H

#include "maps.h"
#include "packet.h"

static __always_inline void shoal_count_packet(struct shoal_counter *counter, __u32 bytes)
{
	counter->packets++;
	counter->bytes += bytes;
}

static __always_inline void shoal_count_reason(const struct shoal_packet *packet, __u32 reason)
{
	struct shoal_counter *counter = bpf_map_lookup_elem(&counters_reasons, &reason);

	if (counter)
		shoal_count_packet(counter, packet->bytes);
}

static __always_inline void shoal_count_to_target(const struct shoal_packet *packet)
{
	struct shoal_traffic *listener =
		bpf_map_lookup_elem(&counters_listeners, &packet->listener);
	struct shoal_traffic *target = bpf_map_lookup_elem(&counters_targets, &packet->target);

	if (listener)
		shoal_count_packet(&listener->to_target, packet->bytes);
	if (target)
		shoal_count_packet(&target->to_target, packet->bytes);
}

static __always_inline void shoal_count_to_client(const struct shoal_packet *packet)
{
	struct shoal_traffic *listener =
		bpf_map_lookup_elem(&counters_listeners, &packet->listener);
	struct shoal_traffic *target = bpf_map_lookup_elem(&counters_targets, &packet->target);

	if (listener)
		shoal_count_packet(&listener->to_client, packet->bytes);
	if (target)
		shoal_count_packet(&target->to_client, packet->bytes);
}

/* The reasons of a verdict as a bit mask: a shift and a test, not a table or a branch each. */
#define SHOAL_REASON_IS_FORWARD(name, label, verdict, meaning)                                     \
	| ((__u64)(SHOAL_VERDICT_##verdict == SHOAL_VERDICT_FORWARD) << SHOAL_REASON_##name)
#define SHOAL_REASON_IS_DROP(name, label, verdict, meaning)                                        \
	| ((__u64)(SHOAL_VERDICT_##verdict == SHOAL_VERDICT_DROP) << SHOAL_REASON_##name)
#define SHOAL_FORWARD_REASONS (0ULL SHOAL_REASONS(SHOAL_REASON_IS_FORWARD))
#define SHOAL_DROP_REASONS (0ULL SHOAL_REASONS(SHOAL_REASON_IS_DROP))

/* The one exit: counts the packet under its reason and tells what becomes of it. */
static __always_inline int shoal_finish(const struct shoal_packet *packet, enum shoal_reason reason)
{
	shoal_count_reason(packet, reason);
	if (SHOAL_FORWARD_REASONS >> reason & 1)
		return packet->action;
	if (SHOAL_DROP_REASONS >> reason & 1)
		return XDP_DROP;
	return XDP_PASS;
}

#endif
