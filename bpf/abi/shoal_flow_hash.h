/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow hash: which slot of a table a flow belongs to. */
#ifndef SHOAL_FLOW_HASH_H
#define SHOAL_FLOW_HASH_H

#include "shoal_types.h"

/* How much of a flow is hashed, in 32-bit words of struct shoal_flow. */
enum shoal_flow_words {
	SHOAL_FLOW_WORDS_SOURCE = 4,
	SHOAL_FLOW_WORDS_ALL = 10,
};

/* A keyed hash of the first `words` words of a flow. Its lower half picks the slot.
 *
 * The sum is MULTILINEAR's (Lemire and Kaser, "Strongly universal string hashing is fast", The
 * Computer Journal 57(11), 2014): over secret random keys, two different flows have the same sum
 * with a probability of at most 2^-33, so nobody outside can aim flows at one target. Its products
 * do not wait for each other, which makes it cheaper than a hash that chains its rounds. Flows that
 * form a lattice, such as clients with sequential ports, have sums that do, too; the 64-bit
 * finalizer of MurmurHash3 (Appleby, 2011), a bijection, breaks that up. It must see all 64 bits:
 * with the upper half alone, whole rows of such a lattice may fall together.
 *
 * Words are taken as they lie in memory: all nodes must have one byte order, which is little-endian
 * wherever XDP matters.
 */
static inline __attribute__((always_inline)) __u64
shoal_flow_hash(const volatile struct shoal_hash_key *key, const struct shoal_flow *flow,
		enum shoal_flow_words words)
{
	const __u32 *word = (const __u32 *)flow;
	__u64 sum = key->addend;

	for (int i = 0; i < (int)words; i++)
		sum += key->multipliers[i] * word[i];

	sum ^= sum >> 33;
	sum *= 0xff51afd7ed558ccdULL;
	sum ^= sum >> 33;
	sum *= 0xc4ceb9fe1a85ec53ULL;
	sum ^= sum >> 33;
	return sum;
}

/* The slot of a hash in a table of `size` slots: the hash's share of the range, scaled
 * (Lemire, "Fast random integer generation in an interval", 2019), which spares a division.
 */
static inline __attribute__((always_inline)) __u32 shoal_slot_index(__u32 hash, __u32 size)
{
	return (__u32)(((__u64)hash * size) >> 32);
}

#endif
