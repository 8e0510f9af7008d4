/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a listener to the target of a flow: service, hash, slot. */
#ifndef SHOAL_TARGET_H
#define SHOAL_TARGET_H

#include "config.h"
#include "maps.h"
#include "packet.h"
#include "parse.h"
#include "pin.h"
#include "shoal_flow_hash.h"

/* Offset and size of a table, read together: see struct shoal_service. */
struct shoal_table {
	__u32 offset;
	__u32 size;
};

static __always_inline struct shoal_table shoal_service_table(const struct shoal_service *service)
{
	__u64 word = *(const volatile __u64 *)service;
	struct shoal_table table;

	__builtin_memcpy(&table, &word, sizeof(table));
	return table;
}

static __always_inline __u64 shoal_service_hash(const struct shoal_service *service,
						const struct shoal_packet *packet)
{
	if (service->algorithm == SHOAL_ALGORITHM_SOURCE_IP)
		return shoal_flow_hash(&shoal_config.hash_key, &packet->flow,
				       SHOAL_FLOW_WORDS_SOURCE);
	return shoal_flow_hash(&shoal_config.hash_key, &packet->flow, SHOAL_FLOW_WORDS_ALL);
}

/* The target of a packet whose slot moves. A pin is one flow's, so its tag covers all of the flow
 * whatever the service hashes; the hash that picked the slot goes into its check.
 */
static __always_inline __u32 shoal_pinned_target(const struct shoal_packet *packet,
						 const struct shoal_service *service,
						 __u32 service_id, __u32 slot_word, __u64 hash,
						 enum shoal_matter matter)
{
	__u64 tag = hash;

	if (service->algorithm == SHOAL_ALGORITHM_SOURCE_IP)
		tag = shoal_flow_hash(&shoal_config.hash_key, &packet->flow, SHOAL_FLOW_WORDS_ALL);
	return shoal_moving_target(service_id, slot_word, tag, shoal_pin_check(tag, (__u32)hash),
				   shoal_moving_summary(packet, matter));
}

/* Sets *target to the entry that the packet's slot names, or its pin while the slot moves, and
 * *mode to how its service forwards (enum shoal_mode).
 */
static __always_inline enum shoal_reason shoal_pick_target(const struct shoal_listener *listener,
							   struct shoal_packet *packet,
							   enum shoal_matter matter,
							   struct shoal_target **target, __u8 *mode)
{
	__u32 service_id = listener->service;
	struct shoal_service *service = bpf_map_lookup_elem(&services, &service_id);
	struct shoal_slot_pair *pair;
	struct shoal_table table;
	struct shoal_slot slot;
	__u32 index, key, word;
	__u64 hash;

	if (!service)
		return SHOAL_REASON_INTERNAL;
	*mode = service->mode;
	table = shoal_service_table(service);
	if (!table.size)
		return SHOAL_REASON_NO_TARGET;

	hash = shoal_service_hash(service, packet);
	index = table.offset + shoal_slot_index((__u32)hash, table.size);
	key = index / 2;
	pair = bpf_map_lookup_elem(&slots, &key);
	if (!pair)
		return SHOAL_REASON_INTERNAL;
	/* Both halves at once: the controller settles a slot with one store. */
	word = *(const volatile __u32 *)&pair->slots[index & 1];
	__builtin_memcpy(&slot, &word, sizeof(slot));
	packet->target = slot.target;
	if (slot.previous && shoal_config.pins_on)
		packet->target =
			shoal_pinned_target(packet, service, service_id, word, hash, matter);
	if (!packet->target)
		return SHOAL_REASON_NO_TARGET;

	*target = bpf_map_lookup_elem(&targets, &packet->target);
	if (!*target || !(*target)->port)
		return SHOAL_REASON_INTERNAL;
	return SHOAL_CONTINUE;
}

#endif
