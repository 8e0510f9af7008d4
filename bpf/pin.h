/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which target a flow of a moving slot has: its pin's, or one of the slot's two, and a pin there.
 *
 *                      the flow has a live pin?
 *           yes                                 no
 *     the pin's target           it begins (SYN)?        else
 *                                  slot's target    slot's previous
 *
 * A flow that begins and cannot be pinned goes where its later packets will be sent, to `previous`.
 * A SYN follows a live pin: one forged by others must not move an established flow. Where nobody
 * is left at `previous`, flows without a pin go to the target as on any settled slot.
 *
 * UDP has no SYN. When it is parsed, its flows will go to `previous` for as long as the slot moves
 * and be pinned there, and the controller settles slots of UDP services after the time that it
 * gives silent flows; the program needs no other rule.
 */
#ifndef SHOAL_PIN_STEP_H
#define SHOAL_PIN_STEP_H

#include "packet.h"
#include "parse.h"
#include "pin_table.h"

/* Flags of TCP's header (RFC 9293, 3.1). */
#define SHOAL_TCP_FLAGS_OFFSET 13
#define SHOAL_TCP_FIN 0x01
#define SHOAL_TCP_SYN 0x02
#define SHOAL_TCP_RST 0x04
#define SHOAL_TCP_ACK 0x10

/* A packet whose slot moves. */
struct shoal_moving {
	__u32 service;
	struct shoal_slot slot;
	struct shoal_pin_key key;
	__u32 tick;
	bool is_beginning; /* a SYN */
	bool is_closing; /* a FIN or RST */
};

/* Whether this is the id of a target that serves this service: a pin may name one that is gone, and
 * so may a slot as its previous one.
 */
static __always_inline bool shoal_is_usable(__u32 id, __u32 service)
{
	struct shoal_target *target = bpf_map_lookup_elem(&targets, &id);

	return target && target->port && target->service == service;
}

static __always_inline void shoal_count_pin_event(__u32 event)
{
	__u64 *count = bpf_map_lookup_elem(&counters_pins, &event);

	if (count)
		(*count)++;
}

/* The state of a pin after a packet. One that follows a SYN is the handshake's end; a SYN after FIN
 * or RST begins the flow anew.
 */
static __always_inline enum shoal_pin_state shoal_pin_next_state(enum shoal_pin_state state,
								 const struct shoal_moving *moving)
{
	if (moving->is_closing)
		return SHOAL_PIN_CLOSING;
	if (moving->is_beginning)
		return state == SHOAL_PIN_CLOSING ? SHOAL_PIN_NEW : state;
	return state == SHOAL_PIN_NEW ? SHOAL_PIN_ESTABLISHED : state;
}

/* Notes that the pin's flow was seen. Where somebody else has changed the pin, theirs counts. */
static __always_inline void shoal_pin_touch(const struct shoal_pin_place *place,
					    const struct shoal_moving *moving)
{
	enum shoal_pin_state state = shoal_pin_next_state(shoal_pin_state(place->word), moving);
	__u64 word = shoal_pin_word(shoal_pin_target(place->word), state, moving->tick,
				    moving->key.check);

	if (word != place->word)
		shoal_pin_swap(place->pin, place->word, word);
}

/* Pins the flow to a target: in its own place when it has one, else in a new one. */
static __always_inline bool shoal_pin_to(__u32 target, const struct shoal_pin_place *own,
					 const struct shoal_moving *moving)
{
	enum shoal_pin_state state = moving->is_closing ? SHOAL_PIN_CLOSING : SHOAL_PIN_NEW;
	__u64 word = shoal_pin_word(target, state, moving->tick, moving->key.check);
	enum shoal_pin_event event;

	if (own->pin)
		event = shoal_pin_swap(own->pin, own->word, word) ? SHOAL_PIN_EVENT_MOVED
								  : SHOAL_PIN_EVENT_RACED;
	else if (!shoal_pin_spend(moving->is_beginning, moving->tick))
		event = SHOAL_PIN_EVENT_OVER_BUDGET;
	else
		event = shoal_pin_make(&moving->key, word, moving->tick);
	shoal_count_pin_event(event);
	return shoal_pin_event_pins(event);
}

/* Which of the slot's two targets a flow without a live pin has; it is pinned there. */
static __always_inline __u32 shoal_pick_side(const struct shoal_moving *moving,
					     const struct shoal_pin_place *own)
{
	struct shoal_slot slot = moving->slot;
	__u32 side = moving->is_beginning ? slot.target : slot.previous;

	if (!shoal_is_usable(slot.previous, moving->service))
		return slot.target;
	if (side && !shoal_pin_to(side, own, moving))
		return slot.previous;
	return side;
}

/* The target of a packet whose slot moves; 0 is nobody.
 *
 * Not inlined, and all its arguments are numbers: otherwise packets of settled slots pay a
 * nanosecond or two for what the compiler then keeps at hand for this.
 */
static __noinline __u32 shoal_moving_target(__u32 service, __u32 slot_word, __u64 tag, __u32 check,
					    __u32 tcp_flags)
{
	struct shoal_pin_place place = {};
	struct shoal_moving moving = {
		.service = service,
		.key = { .tag = tag, .check = check },
		.tick = shoal_pin_tick(),
	};

	__builtin_memcpy(&moving.slot, &slot_word, sizeof(moving.slot));
	moving.is_closing = tcp_flags & (SHOAL_TCP_FIN | SHOAL_TCP_RST);
	moving.is_beginning = !moving.is_closing &&
			      (tcp_flags & (SHOAL_TCP_SYN | SHOAL_TCP_ACK)) == SHOAL_TCP_SYN;

	shoal_pin_find(&moving.key, &place);
	if (place.pin && !(moving.is_beginning && shoal_pin_is_idle(place.word, moving.tick)) &&
	    shoal_is_usable(shoal_pin_target(place.word), service)) {
		shoal_pin_touch(&place, &moving);
		return shoal_pin_target(place.word);
	}
	return shoal_pick_side(&moving, &place);
}

#endif
