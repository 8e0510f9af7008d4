/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of pins: finding, making and changing one, while other CPUs and the controller do, too.
 *
 * A flow has eight places: the bucket of its tag and the one beside it, two neighbouring cache
 * lines of which the first is nearly always enough. A live pin is never replaced.
 */
#ifndef SHOAL_PIN_TABLE_H
#define SHOAL_PIN_TABLE_H

#include "config.h"
#include "maps.h"

/* What a flow's pin is known by. */
struct shoal_pin_key {
	__u64 tag;
	__u32 check;
};

/* A pin, and its word when it was read. */
struct shoal_pin_place {
	struct shoal_pin *pin;
	__u64 word;
};

static __always_inline __u32 shoal_pin_tick(void)
{
	return (__u32)bpf_jiffies64() >> shoal_config.pin_tick_shift;
}

/* Whether a pin was silent for so long that its place may be another's. */
static __always_inline bool shoal_pin_is_idle(__u64 word, __u32 tick)
{
	return shoal_pin_age(word, tick) >= shoal_config.pin_silence[shoal_pin_state(word)];
}

/* Whether a SYN, or a packet of UDP, is the next flow of this name. A client that uses its port
 * again must reach a target that takes flows; one SYN that somebody forges after a FIN must not
 * carry a flow away that goes on.
 */
static __always_inline bool shoal_pin_is_over(__u64 word, __u32 tick)
{
	if (shoal_pin_state(word) == SHOAL_PIN_CLOSING &&
	    shoal_pin_age(word, tick) >= SHOAL_PIN_REUSE_TICKS)
		return true;
	return shoal_pin_is_idle(word, tick);
}

/* The flow's bucket, or the one beside it. */
static __always_inline struct shoal_pin_bucket *shoal_pin_bucket(const struct shoal_pin_key *key,
								 __u32 beside)
{
	__u32 index = ((__u32)(key->tag >> 32) & (SHOAL_PIN_BUCKETS - 1)) ^ beside;

	return bpf_map_lookup_elem(&pins, &index);
}

static __always_inline bool shoal_pin_find_in(struct shoal_pin_bucket *bucket,
					      const struct shoal_pin_key *key,
					      const struct shoal_pin *except,
					      struct shoal_pin_place *found)
{
	if (!bucket)
		return false;
	for (int i = 0; i < SHOAL_PINS_PER_BUCKET; i++) {
		struct shoal_pin *pin = &bucket->pins[i];
		__u64 word;

		if (*(volatile __u64 *)&pin->tag != key->tag || pin == except)
			continue;
		word = *(volatile __u64 *)&pin->word;
		if (!shoal_pin_is_of(word, key->check))
			continue;
		found->pin = pin;
		found->word = word;
		return true;
	}
	return false;
}

/* Fills in the flow's pin, or another than one that is known. */
static __always_inline void shoal_pin_find(const struct shoal_pin_key *key,
					   const struct shoal_pin *except,
					   struct shoal_pin_place *found)
{
	if (!shoal_pin_find_in(shoal_pin_bucket(key, 0), key, except, found))
		shoal_pin_find_in(shoal_pin_bucket(key, 1), key, except, found);
}

/* A place that is free or whose pin is idle; not one that is being written. */
static __always_inline bool shoal_pin_vacancy_in(struct shoal_pin_bucket *bucket, __u32 tick,
						 struct shoal_pin_place *found)
{
	if (!bucket)
		return false;
	for (int i = 0; i < SHOAL_PINS_PER_BUCKET; i++) {
		struct shoal_pin *pin = &bucket->pins[i];
		__u64 word = *(volatile __u64 *)&pin->word;

		if (word && !(shoal_pin_target(word) && shoal_pin_is_idle(word, tick)))
			continue;
		found->pin = pin;
		found->word = word;
		return true;
	}
	return false;
}

/* Whether this CPU may make a pin in this tick. Flows that begin and others have a budget each, so
 * that a flood of the one kind leaves the other its pins.
 */
static __always_inline bool shoal_pin_spend(bool is_beginning, __u32 tick)
{
	__u32 key = 0;
	struct shoal_pin_spending *spending = bpf_map_lookup_elem(&pin_spendings, &key);

	if (!spending)
		return false;
	if (spending->tick != tick) {
		spending->tick = tick;
		spending->made[0] = 0;
		spending->made[1] = 0;
	}
	if (spending->made[is_beginning] >= shoal_config.pin_budget)
		return false;
	spending->made[is_beginning]++;
	return true;
}

/* Two CPUs may have made a pin for one flow, each before it saw the other's. Both look again, and
 * at least one sees both; the one that lies first stays. Returns whether that is ours.
 */
static __always_inline bool shoal_pin_is_first(const struct shoal_pin_key *key,
					       const struct shoal_pin_place *own)
{
	struct shoal_pin_place twin = {};

	shoal_pin_find(key, own->pin, &twin);
	if (!twin.pin)
		return true;
	if (twin.pin < own->pin)
		return !shoal_pin_swap(own->pin, own->word, 0);
	shoal_pin_swap(twin.pin, twin.word, 0);
	return true;
}

/* Makes a pin for a flow that has none. */
static __always_inline enum shoal_pin_event shoal_pin_make(const struct shoal_pin_key *key,
							   __u64 word, __u32 tick)
{
	struct shoal_pin_place place = {};
	bool is_free;

	if (!shoal_pin_vacancy_in(shoal_pin_bucket(key, 0), tick, &place) &&
	    !shoal_pin_vacancy_in(shoal_pin_bucket(key, 1), tick, &place))
		return SHOAL_PIN_EVENT_NO_PLACE;
	if (!shoal_pin_swap(place.pin, place.word, SHOAL_PIN_BEING_WRITTEN))
		return SHOAL_PIN_EVENT_RACED;
	is_free = !place.word;
	*(volatile __u64 *)&place.pin->tag = key->tag;
	shoal_pin_swap(place.pin, SHOAL_PIN_BEING_WRITTEN, word);
	place.word = word;
	if (!shoal_pin_is_first(key, &place))
		return SHOAL_PIN_EVENT_RACED;
	return is_free ? SHOAL_PIN_EVENT_MADE : SHOAL_PIN_EVENT_REPLACED;
}

#endif
