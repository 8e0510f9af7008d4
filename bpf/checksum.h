/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksums, updated instead of computed (RFC 1624, equation 3): the new checksum is
 * ~(~old + ~what was there + what is there now). Sums are of 16-bit words as they lie in memory,
 * which gives the right checksum in either byte order (RFC 1071, 2B).
 */
#ifndef SHOAL_CHECKSUM_H
#define SHOAL_CHECKSUM_H

#include <linux/types.h>

/* A sum of up to 2^16 words, folded to 16 bits. */
static __always_inline __u16 shoal_sum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* What to add to ~checksum when words that sum to `from` are replaced by words that sum to `to`. */
static __always_inline __u32 shoal_sum_delta(__u16 from, __u16 to)
{
	return (__u16)~from + to;
}

static __always_inline __u16 shoal_checksum_add(__u16 checksum, __u32 delta)
{
	return (__u16)~shoal_sum_fold((__u16)~checksum + delta);
}

#endif
