/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys and values of the maps: the one contract between the program and the controller.
 * Included by the one, imported by the other, so that no layout is written twice. No unions and no
 * bit-fields, since Swift copies such types with less than memcpy; every padding byte has a name.
 */
#ifndef SHOAL_TYPES_H
#define SHOAL_TYPES_H

#include <linux/types.h>

#define SHOAL_ASSERT_SIZE(type, bytes)                                                             \
	_Static_assert(sizeof(type) == (bytes), #type " has another size than the pinned maps")

/* Raised with every change of a type, a limit or a meaning: other pins are not adopted. */
#define SHOAL_ABI_VERSION 4

/* An address in network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
struct shoal_address {
	__be32 words[4];
};
SHOAL_ASSERT_SIZE(struct shoal_address, 16);

/* Address, port and protocol: key of listeners and of return_paths. */
struct shoal_endpoint {
	struct shoal_address address;
	__be16 port;
	__u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 padding; /* 0 */
};
SHOAL_ASSERT_SIZE(struct shoal_endpoint, 20);

/* What the flow hash reads, as ten 32-bit words: the first four are the source address. */
struct shoal_flow {
	struct shoal_address source;
	struct shoal_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 padding[3]; /* 0 */
};
SHOAL_ASSERT_SIZE(struct shoal_flow, 40);

/* The secret of the flow hash, the same on every node. */
struct shoal_hash_key {
	__u64 addend;
	__u64 multipliers[10]; /* one for each word of struct shoal_flow */
};
SHOAL_ASSERT_SIZE(struct shoal_hash_key, 88);

/* What the loader sets before the program is verified; constants from then on. The hash key is that
 * of `meta` when maps are adopted, so that flows stay.
 */
struct shoal_config {
	struct shoal_hash_key hash_key;
	__u32 pins_on; /* 0: flows follow their slots, moving or not; for tests of what pins do */
	__u32 pin_tick_shift; /* see shoal_pin.h */
	__u32 pin_budget; /* pins a CPU may make in a tick: so many for SYNs, so many for others */
	__u32 pin_silence[8]; /* ticks after which a silent pin may go, by enum shoal_pin_state */
	__u32 padding; /* 0 */
};
SHOAL_ASSERT_SIZE(struct shoal_config, 136);

struct shoal_listener {
	__u32 id; /* index into counters_listeners */
	__u32 service; /* index into services */
	__u16 vip_sum; /* one's complement sum of the VIP's 16-bit words, as loaded from the packet */
	__u16 padding[3]; /* 0 */
};
SHOAL_ASSERT_SIZE(struct shoal_listener, 16);

enum shoal_algorithm {
	SHOAL_ALGORITHM_SOURCE_IP,
	SHOAL_ALGORITHM_FIVE_TUPLE,
};

/* How a packet travels to its target. */
enum shoal_mode {
	SHOAL_MODE_NAT, /* destination rewritten; the reply comes back and has its source rewritten */
	SHOAL_MODE_DSR, /* destination MAC rewritten; the target, which has the VIP, replies itself */
};

/* Where a service's table lies. Offset and size share one aligned 8-byte word, which the kernel
 * copies as a whole: no packet sees the offset of one table with the size of another.
 */
struct shoal_service {
	__u32 table_offset; /* first slot, even */
	__u32 table_size; /* slots; 0 drops what has no target */
	__u32 generation; /* counts the tables of this service */
	__u8 algorithm; /* enum shoal_algorithm */
	__u8 mode; /* enum shoal_mode */
	__u16 padding; /* 0 */
	__u64 identity; /* hash of the resource, for a restarted controller; 0: unused */
};
SHOAL_ASSERT_SIZE(struct shoal_service, 24);

/* One entry of a table. Both are indices into targets. */
struct shoal_slot {
	__u16 target; /* 0 is nobody */
	/* 0: settled, all flows are with the target. Else the slot moves, and flows without a pin
	 * that had begun before are here; the target itself when only pinned ones are elsewhere.
	 */
	__u16 previous;
};
SHOAL_ASSERT_SIZE(struct shoal_slot, 4);

/* Two slots to a map value, since the kernel pads array values to 8 bytes. */
struct shoal_slot_pair {
	struct shoal_slot slots[2];
};
SHOAL_ASSERT_SIZE(struct shoal_slot_pair, 8);

/* The way to a neighbour. One aligned 8-byte word, which is loaded and stored as a whole: no packet
 * sees the interface of one next hop with the MAC address of another.
 */
struct shoal_next_hop {
	__u8 mac[6];
	__u16 egress; /* index into egresses; 0: not known, the kernel's tables are asked */
} __attribute__((aligned(8)));
SHOAL_ASSERT_SIZE(struct shoal_next_hop, 8);

struct shoal_target {
	struct shoal_address address;
	__be16 port; /* 0: unused entry */
	__u16 address_sum; /* as vip_sum */
	__u32 service; /* index into services */
	struct shoal_next_hop next_hop; /* changes while packets read it */
};
SHOAL_ASSERT_SIZE(struct shoal_target, 32);

/* An interface that packets leave by. */
struct shoal_egress {
	__u32 interface; /* its index; 0: unused entry */
	__u8 mac[6]; /* its own address */
	__u8 padding[6]; /* 0 */
	__u64 until; /* the kernel's tick count at which next hops by it are not to be trusted any more */
};
SHOAL_ASSERT_SIZE(struct shoal_egress, 24);

/* How a target's reply becomes the VIP's. */
struct shoal_return_path {
	struct shoal_address vip;
	__be16 port; /* the listener's */
	__u16 vip_sum;
	__u16 target_sum; /* of the target's address */
	__u16 target; /* index into targets */
	__u32 listener; /* its id */
	__u32 padding; /* 0 */
};
SHOAL_ASSERT_SIZE(struct shoal_return_path, 32);

/* The pins that a CPU has made in one tick: for other packets, for SYNs. */
struct shoal_pin_spending {
	__u32 tick;
	__u32 made[2];
	__u32 padding; /* 0 */
};
SHOAL_ASSERT_SIZE(struct shoal_pin_spending, 16);

/* Bytes are those of layer 3, or of the whole frame where that could not be parsed. */
struct shoal_counter {
	__u64 packets;
	__u64 bytes;
};
SHOAL_ASSERT_SIZE(struct shoal_counter, 16);

/* Both directions of a listener or a target. */
struct shoal_traffic {
	struct shoal_counter to_target;
	struct shoal_counter to_client;
};
SHOAL_ASSERT_SIZE(struct shoal_traffic, 32);

#ifndef __bpf__
/* For user space: changes the next hop of a target that packets go to. */
static inline void shoal_set_next_hop(struct shoal_target *target, struct shoal_next_hop hop)
{
	__u64 word;

	__builtin_memcpy(&word, &hop, sizeof(word));
	__atomic_store_n((__u64 *)&target->next_hop, word, __ATOMIC_RELEASE);
}
#endif

/* What the tools must know about the other maps. One entry. */
struct shoal_meta {
	__u32 abi_version;
	__u32 jiffies_offset; /* what the kernel's tick count is ahead of CLOCK_MONOTONIC's ticks */
	__u64 revision; /* of the desired state that is installed */
	__u64 heartbeat; /* seconds since 1970 at which the controller last looked after the maps */
	struct shoal_hash_key hash_key;
};
SHOAL_ASSERT_SIZE(struct shoal_meta, 112);

#endif
