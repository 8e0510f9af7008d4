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

/* A keyed hash of the first `words` words of a flow.
 *
 * MULTILINEAR (Lemire and Kaser, "Strongly universal string hashing is fast", The Computer Journal
 * 57(11), 2014): for a secret random key the upper half of the sum is the same for two different
 * flows with probability 2^-32, so nobody outside can aim flows at one target. Its products do not
 * wait for each other, which makes it cheaper than a hash that chains its rounds. The 32-bit
 * finalizer of MurmurHash3 (Appleby, 2011) follows, a bijection, so that every input bit reaches
 * every output bit.
 *
 * Words are taken as they lie in memory: all nodes must have one byte order, which is little-endian
 * wherever XDP matters.
 */
static inline __attribute__((always_inline)) __u32
shoal_flow_hash(const volatile struct shoal_hash_key *key, const struct shoal_flow *flow,
		enum shoal_flow_words words)
{
	const __u32 *word = (const __u32 *)flow;
	__u64 sum = key->addend;
	__u32 hash;

	for (int i = 0; i < (int)words; i++)
		sum += key->multipliers[i] * word[i];

	hash = (__u32)(sum >> 32);
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	hash ^= hash >> 16;
	return hash;
}

/* The slot of a hash in a table of `size` slots: the hash's share of the range, scaled
 * (Lemire, "Fast random integer generation in an interval", 2019), which spares a division.
 */
static inline __attribute__((always_inline)) __u32 shoal_slot_index(__u32 hash, __u32 size)
{
	return (__u32)(((__u64)hash * size) >> 32);
}

#endif
