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

/* Whether a socket of this host waits for the packet, as that of a probe does for its answer. */
static __always_inline bool shoal_is_for_socket(const struct shoal_packet *packet)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *socket;
	__u32 size;

	if (packet->is_ipv6) {
		__builtin_memcpy(tuple.ipv6.saddr, &packet->flow.source, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, &packet->flow.destination,
				 sizeof(tuple.ipv6.daddr));
		tuple.ipv6.sport = packet->flow.source_port;
		tuple.ipv6.dport = packet->flow.destination_port;
		size = sizeof(tuple.ipv6);
	} else {
		tuple.ipv4.saddr = packet->flow.source.words[3];
		tuple.ipv4.daddr = packet->flow.destination.words[3];
		tuple.ipv4.sport = packet->flow.source_port;
		tuple.ipv4.dport = packet->flow.destination_port;
		size = sizeof(tuple.ipv4);
	}
	if (packet->is_udp)
		socket = bpf_sk_lookup_udp(packet->ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	else
		socket = bpf_sk_lookup_tcp(packet->ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return false;
	bpf_sk_release(socket);
	return true;
}

#endif
