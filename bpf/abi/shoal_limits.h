/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How much the maps hold, and the memory that each costs when the program is loaded, full or not.
 * A change here is a change of the map layout (SHOAL_ABI_VERSION).
 */
#ifndef SHOAL_LIMITS_H
#define SHOAL_LIMITS_H

/* Listeners: 100 load balancers of 50 listeners, rounded up.  About 1 MiB of hash entries. */
#define SHOAL_LISTENERS_MAX 8192

/* Backend services that a listener uses.  8192 × 24 bytes = 192 KiB. */
#define SHOAL_SERVICES_MAX 8192

/* Targets, counted once per service that they serve; a slot names them with 16 bits, 0 is nobody.
 * 65536 × 32 bytes = 2 MiB, and 2 MiB of counters a CPU.
 */
#define SHOAL_TARGETS_MAX 65536

/* Targets whose replies are translated. About 8 MiB of hash entries. */
#define SHOAL_RETURN_PATHS_MAX 65536

/* Slots of all tables, those that are being replaced included.  4,194,304 × 4 bytes = 16 MiB. */
#define SHOAL_SLOTS_MAX 4194304

/* Buckets of four pins, a power of two.  524,288 × 64 bytes = 32 MiB for 2,097,152 pins. */
#define SHOAL_PIN_BUCKETS 524288

/* Interfaces that one daemon attaches to. */
#define SHOAL_INTERFACES_MAX 64

/* Those by which targets are reached, and 0, which is none.  65 × 24 bytes = 1.5 KiB. */
#define SHOAL_EGRESSES_MAX (SHOAL_INTERFACES_MAX + 1)

#endif
