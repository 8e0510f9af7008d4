/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a flow to its listener or its return path: is this packet ours? */
#ifndef SHOAL_LISTENER_H
#define SHOAL_LISTENER_H

#include "maps.h"
#include "packet.h"

/* The listener that the packet is sent to, or NULL. */
static __always_inline struct shoal_listener *shoal_find_listener(const struct shoal_packet *packet)
{
	struct shoal_endpoint key = {
		.address = packet->flow.destination,
		.port = packet->flow.destination_port,
		.protocol = packet->flow.protocol,
	};

	return bpf_map_lookup_elem(&listeners, &key);
}

/* The return path of the target that the packet comes from, or NULL. */
static __always_inline struct shoal_return_path *
shoal_find_return_path(const struct shoal_packet *packet)
{
	struct shoal_endpoint key = {
		.address = packet->flow.source,
		.port = packet->flow.source_port,
		.protocol = packet->flow.protocol,
	};

	return bpf_map_lookup_elem(&return_paths, &key);
}

#endif
