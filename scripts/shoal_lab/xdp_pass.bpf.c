// SPDX-License-Identifier: GPL-2.0
/* Lets every frame through. A veth takes what XDP sends it only with a program: see topology.py. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
