// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Drives a program under test with many flows: BPF_PROG_TEST_RUN gives every run the buffer that
 * the run before has left, so this restores the frame, writes the next flow's address, port and
 * flags, and goes on in the program. Checksums are left wrong; the program updates but never checks
 * them.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* An IPv4 frame with TCP and 2 bytes of payload. */
#define FRAME_WORDS 7
#define SOURCE_ADDRESS 26
#define SOURCE_PORT 34
#define TCP_FLAGS 47

struct flow_plan {
	__u64 number; /* of the next packet */
	__u32 mask; /* flows - 1, which is a power of two */
	__u32 flags; /* of TCP */
	__u64 frame[FRAME_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_plan);
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
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 key = 0;
	struct flow_plan *next = bpf_map_lookup_elem(&plan, &key);
	__u32 flow;

	if (!next || data + sizeof(next->frame) > end)
		return XDP_ABORTED;
	for (int i = 0; i < FRAME_WORDS; i++)
		((__u64 *)data)[i] = next->frame[i];
	/* An odd factor visits all flows, in an order unrelated to that of their pins. */
	flow = (__u32)next->number++ * 2654435761u & next->mask;
	*(__be32 *)(data + SOURCE_ADDRESS) = bpf_htonl(0x64400000 + (flow >> 14));
	*(__be16 *)(data + SOURCE_PORT) = bpf_htons(1024 + (flow & 0x3fff));
	data[TCP_FLAGS] = next->flags;
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

char flows_license[] SEC("license") = "Dual BSD/GPL";
