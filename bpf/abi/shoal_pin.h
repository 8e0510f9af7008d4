/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pins: flows of moving slots, and the target that each of them stays with.
 *
 *        63        48 47 45 44       32 31              0
 *   tag  [             hash of the whole flow           ]
 *   word [  target   |state|   seen    |     check      ]
 *
 * All that changes about a pin is in its word, so that one compare-and-swap changes it. The word
 * also says whose it is: `check` is made of the tag and of the hash that picked the flow's slot.
 * Whoever reads the tag of one flow and the word of another, as can happen while a pin is being
 * replaced, sees that they don't belong together. While a flow is opening, the lower half of
 * `check` holds the upper half of the sequence number that follows its SYN.
 *
 * A word of 0 is a free place, whatever its tag is. Otherwise only the program that has put
 * SHOAL_PIN_BEING_WRITTEN there may write the tag.
 */
#ifndef SHOAL_PIN_H
#define SHOAL_PIN_H

#include "shoal_types.h"

/* Word of a place that a program is filling; its target is 0, so that it is nobody's pin. */
#define SHOAL_PIN_BEING_WRITTEN 1ULL

/* `seen` is the kernel's tick count (jiffies) without its lowest pin_tick_shift bits, which makes
 * about a second, modulo SHOAL_PIN_TICKS, which makes hours. Reading that count costs a program
 * nothing; a helper that reads a clock costs it 25 ns.
 */
#define SHOAL_PIN_TICKS 8192
#define SHOAL_PIN_AGES 8128

/* Units of `seen`, one or two seconds: a flow that has closed and been silent for so long begins
 * anew with a SYN. Its place is given to nobody else that soon, as the other side may still have
 * much to say.
 */
#define SHOAL_PIN_REUSE_TICKS 2

struct shoal_pin {
	__u64 tag;
	__u64 word;
};
SHOAL_ASSERT_SIZE(struct shoal_pin, 16);

/* One cache line. */
#define SHOAL_PINS_PER_BUCKET 4

struct shoal_pin_bucket {
	struct shoal_pin pins[SHOAL_PINS_PER_BUCKET];
};
SHOAL_ASSERT_SIZE(struct shoal_pin_bucket, 64);

enum shoal_pin_state {
	SHOAL_PIN_OPENING, /* SYNs were seen, and nothing else */
	SHOAL_PIN_SEEN_ONCE, /* one packet was seen, of a flow that had begun before */
	SHOAL_PIN_ESTABLISHED,
	SHOAL_PIN_CLOSING, /* FIN or RST was seen */
	SHOAL_PIN_UDP, /* a flow of UDP, of which no packet says whether it begins or ends */
	SHOAL_PIN_STATES,
};

static inline __attribute__((always_inline)) __u64
shoal_pin_word(__u16 target, enum shoal_pin_state state, __u32 tick, __u32 check)
{
	return (__u64)target << 48 | (__u64)state << 45 |
	       (__u64)(tick & (SHOAL_PIN_TICKS - 1)) << 32 | check;
}

static inline __attribute__((always_inline)) __u16 shoal_pin_target(__u64 word)
{
	return (__u16)(word >> 48);
}

static inline __attribute__((always_inline)) enum shoal_pin_state shoal_pin_state(__u64 word)
{
	return (enum shoal_pin_state)(word >> 45 & 7);
}

/* Ticks since the pin was last seen, less than SHOAL_PIN_AGES. Whoever read the clock a moment ago
 * may meet a pin that was seen since: its age is 0, not all but a whole turn of the clock.
 */
static inline __attribute__((always_inline)) __u32 shoal_pin_age(__u64 word, __u32 tick)
{
	__u32 age = (tick - (__u32)(word >> 32)) & (SHOAL_PIN_TICKS - 1);

	return age < SHOAL_PIN_AGES ? age : 0;
}

/* Of the hash that picked the slot. Its own inverse: given a check, it returns the hash. */
static inline __attribute__((always_inline)) __u32 shoal_pin_check(__u64 tag, __u32 hash)
{
	return (__u32)(tag >> 32) ^ hash;
}

/* Whether a word is the pin of the flow with this check. */
static inline __attribute__((always_inline)) _Bool shoal_pin_is_of(__u64 word, __u32 check)
{
	__u32 difference = (__u32)word ^ check;

	if (shoal_pin_state(word) == SHOAL_PIN_OPENING)
		difference >>= 16;
	return shoal_pin_target(word) && !difference;
}

/* Changes a pin's word unless somebody else has; a full memory barrier when it did.
 * In BPF this is BPF_CMPXCHG: clang's -mcpu=v3, Linux 5.12.
 */
static inline __attribute__((always_inline)) _Bool shoal_pin_swap(struct shoal_pin *pin, __u64 from,
								  __u64 to)
{
	return __sync_val_compare_and_swap(&pin->word, from, to) == from;
}

/* What happens to pins; that a packet follows its pin is no event.
 *
 * X(NAME, label, what it means to an operator)
 * New ones go to the end: the numbers are indices of a pinned map.
 */
#define SHOAL_PIN_EVENTS(X)                                                                        \
	X(MADE, "made", "a flow of a moving slot was pinned to a target")                          \
	X(REPLACED, "replaced", "made in the place of a pin that had been silent too long")        \
	X(MOVED, "moved", "a flow began anew, or its target is gone: pinned to another one")       \
	X(OVER_BUDGET, "over_budget", "not made: too many in one second, as in a flood")           \
	X(NO_PLACE, "no_place", "not made: the flow's places are all taken by live pins")          \
	X(RACED, "raced", "not made: another CPU changed the place just then")

#define SHOAL_PIN_EVENT_ENUM(name, label, meaning) SHOAL_PIN_EVENT_##name,
enum shoal_pin_event { SHOAL_PIN_EVENTS(SHOAL_PIN_EVENT_ENUM) SHOAL_PIN_EVENT_COUNT };
#undef SHOAL_PIN_EVENT_ENUM

/* After these, the flow has a pin. */
static inline __attribute__((always_inline)) _Bool shoal_pin_event_pins(enum shoal_pin_event event)
{
	return event == SHOAL_PIN_EVENT_MADE || event == SHOAL_PIN_EVENT_REPLACED ||
	       event == SHOAL_PIN_EVENT_MOVED;
}

#ifndef __bpf__
/* For user space: a pin whose tag and word belong together. */
static inline struct shoal_pin shoal_pin_read(const struct shoal_pin *pin)
{
	struct shoal_pin copy;

	do {
		copy.word = __atomic_load_n(&pin->word, __ATOMIC_ACQUIRE);
		copy.tag = __atomic_load_n(&pin->tag, __ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&pin->word, __ATOMIC_RELAXED) != copy.word);
	return copy;
}

/* For user space: the label of an event, NULL beyond the list. */
static inline const char *shoal_pin_event_label(unsigned int event)
{
#define SHOAL_PIN_EVENT_LABEL(name, label, meaning) label,
	static const char *const labels[] = { SHOAL_PIN_EVENTS(SHOAL_PIN_EVENT_LABEL) };
#undef SHOAL_PIN_EVENT_LABEL
	return event < SHOAL_PIN_EVENT_COUNT ? labels[event] : 0;
}

/* For user space: what an event means, in words for an operator; NULL beyond the list. */
static inline const char *shoal_pin_event_meaning(unsigned int event)
{
#define SHOAL_PIN_EVENT_MEANING(name, label, meaning) meaning,
	static const char *const meanings[] = { SHOAL_PIN_EVENTS(SHOAL_PIN_EVENT_MEANING) };
#undef SHOAL_PIN_EVENT_MEANING
	return event < SHOAL_PIN_EVENT_COUNT ? meanings[event] : 0;
}
#endif

#endif
