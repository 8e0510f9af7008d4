// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shoal's packet path: the journey of a packet on one screen.
 *
 *   parse -+- a listener's? -- service -- slot (pin, while it moves) -- target -+- next hop -+
 *          `- a target's reply? -- return path ----------------------------------'            |
 *                                                       send -- rewrite (mode nat) -----------'
 *
 * Each step is in a header of its own and returns a reason, or SHOAL_CONTINUE; the first reason
 * ends the journey. shoal_finish() counts it and turns it into an XDP action.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "config.h"
#include "count.h"
#include "dsr.h"
#include "icmp.h"
#include "listener.h"
#include "maps.h"
#include "nat.h"
#include "neighbour.h"
#include "packet.h"
#include "parse.h"
#include "pin.h"
#include "target.h"

/* A client's packet: to the target that its flow's slot names. An error about a reply goes there,
 * too.
 */
static __always_inline enum shoal_reason shoal_to_target(struct shoal_packet *packet,
							 enum shoal_matter matter,
							 const struct shoal_listener *listener)
{
	enum shoal_reason forwarded = matter == SHOAL_MATTER_ERROR ? SHOAL_REASON_ERROR_TO_TARGET
								   : SHOAL_REASON_TO_TARGET;
	struct bpf_fib_lookup hop = {};
	struct shoal_rewrite rewrite;
	struct shoal_target *target;
	enum shoal_reason reason;
	__u8 mode;

	packet->listener = listener->id;
	if (shoal_is_too_old(packet))
		return SHOAL_REASON_TTL_EXPIRED;
	reason = shoal_pick_target(listener, packet, matter, &target, &mode);
	if (reason != SHOAL_CONTINUE)
		return reason;

	reason = shoal_find_target_hop(packet, target, &hop);
	if (mode == SHOAL_MODE_DSR)
		return shoal_send_unchanged(packet, reason, &hop, forwarded);
	rewrite.address = &target->address;
	rewrite.port = target->port;
	rewrite.address_delta = shoal_sum_delta(listener->vip_sum, target->address_sum);
	shoal_rewrite_destination(packet, matter, &rewrite);
	shoal_count_to_target(packet);
	if (reason != SHOAL_CONTINUE)
		return reason;
	return shoal_send(packet, &hop, forwarded);
}

/* A target's reply: to the client, in the VIP's name. An error about a request goes there, too; it
 * may come from a router. What is for a socket of ours stays as it is.
 */
static __always_inline enum shoal_reason shoal_to_client(struct shoal_packet *packet,
							 enum shoal_matter matter,
							 const struct shoal_return_path *path)
{
	struct bpf_fib_lookup hop = {};
	struct shoal_rewrite rewrite;
	enum shoal_reason reason;

	reason = shoal_find_next_hop(packet, &path->vip, &packet->flow.destination, &hop);
	if (reason == SHOAL_REASON_NO_ROUTE &&
	    (matter == SHOAL_MATTER_ERROR || shoal_is_for_socket(packet)))
		return SHOAL_REASON_TO_BALANCER;
	if (shoal_is_too_old(packet))
		return SHOAL_REASON_TTL_EXPIRED;

	packet->listener = path->listener;
	packet->target = path->target;
	rewrite.address = &path->vip;
	rewrite.port = path->port;
	rewrite.address_delta = shoal_sum_delta(path->target_sum, path->vip_sum);
	shoal_rewrite_source(packet, matter, &rewrite);
	shoal_count_to_client(packet);
	if (reason != SHOAL_CONTINUE)
		return reason;
	return shoal_send(packet, &hop,
			  matter == SHOAL_MATTER_ERROR ? SHOAL_REASON_ERROR_TO_CLIENT
						       : SHOAL_REASON_TO_CLIENT);
}

/* To the end of its flow that it is not from. */
static __always_inline enum shoal_reason shoal_steer_by_flow(struct shoal_packet *packet,
							     enum shoal_matter matter)
{
	const struct shoal_return_path *path;
	const struct shoal_listener *listener;

	listener = shoal_find_listener(packet);
	if (listener)
		return shoal_to_target(packet, matter, listener);
	path = shoal_find_return_path(packet);
	if (path)
		return shoal_to_client(packet, matter, path);
	return SHOAL_REASON_NO_LISTENER;
}

/* Neither TCP nor UDP: perhaps an ICMP error about a flow, which takes the flow's way. */
static __always_inline enum shoal_reason shoal_steer_error(struct shoal_packet *packet)
{
	struct shoal_quote quote = {};
	enum shoal_reason reason = shoal_read_error(packet->ctx, &quote);

	if (reason != SHOAL_CONTINUE)
		return reason;
	packet->is_from_router = !quote.is_from_receiver;
	packet->flow = quote.flow;
	return shoal_steer_by_flow(packet, SHOAL_MATTER_ERROR);
}

static __always_inline enum shoal_reason shoal_steer(struct shoal_packet *packet)
{
	enum shoal_reason reason = shoal_parse(packet);

	if (reason == SHOAL_REASON_OTHER_PROTOCOL)
		return shoal_steer_error(packet);
	if (reason != SHOAL_CONTINUE)
		return reason;
	return shoal_steer_by_flow(packet, SHOAL_MATTER_FLOW);
}

/* frags: jumbo frames come in several buffers; only the first, with the headers, is touched. */
SEC("xdp.frags")
int shoal(struct xdp_md *ctx)
{
	struct shoal_packet packet = { .ctx = ctx };

	return shoal_finish(&packet, shoal_steer(&packet));
}

/* The kernel's tick count, for the loader: `seen` of a pin is made of it, and nobody else tells. */
SEC("xdp")
int shoal_clock(struct xdp_md *ctx __attribute__((unused)))
{
	return (int)bpf_jiffies64();
}

/* The kernel gives its helpers to programs that say so; the source is under either licence. */
char shoal_license[] SEC("license") = "Dual BSD/GPL";
