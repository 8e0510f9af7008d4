// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Drives a program through many flows: puts the packet back as it was, makes it the next flow's,
 * and hands it to the program. Flows come in an order that has nothing to do with their numbers.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define HEADER_WORDS 10 /* Ethernet, IPv6 and TCP without options, and a little more */
#define PACKET_BYTES 128

struct plan {
	__u64 count; /* of packets so far */
	__u32 mask; /* how many flows, a power of two, less 1 */
	__u32 address_at; /* the last four bytes of the client's address */
	__u32 port_at; /* the client's port */
	__u32 padding;
	__u64 header[HEADER_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct plan);
} plan SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

SEC("xdp.frags")
int flows(struct xdp_md *ctx)
{
	__u8 *packet = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 key = 0, flow;
	struct plan *next = bpf_map_lookup_elem(&plan, &key);
	__u8 *header;

	if (!next || packet + PACKET_BYTES > end)
		return XDP_ABORTED;
	header = (__u8 *)next->header;
	flow = (next->count++ * 0x9e3779b1) & next->mask;
	/* 16,384 ports of each address. */
	*(__u16 *)(header + (next->port_at & 62)) = __builtin_bswap16(1024 + (flow & 0x3fff));
	header[(next->address_at & 63) + 3] = 1 + (flow >> 14);
	for (int i = 0; i < HEADER_WORDS; i++)
		((__u64 *)packet)[i] = next->header[i];
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

/* The least that a program can do. */
SEC("xdp.frags")
int empty(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

/* The least that a layer-2 balancer can do: reads its headers, writes both MAC addresses, sends. */
SEC("xdp.frags")
int rewrite(struct xdp_md *ctx)
{
	__u8 *packet = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (packet + 54 > end)
		return XDP_PASS;
	if (*(__u16 *)(packet + 12) != __builtin_bswap16(0x0800) || packet[14] != 0x45 ||
	    packet[23] != 6)
		return XDP_PASS;
	*(__u32 *)packet = 0x02020202;
	*(__u16 *)(packet + 4) = 0x0202;
	*(__u32 *)(packet + 6) = 0x03030303;
	*(__u16 *)(packet + 10) = 0x0303;
	return XDP_TX;
}

char flows_license[] SEC("license") = "Dual BSD/GPL";
