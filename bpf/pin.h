/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which target a flow of a moving slot has: its pin's, or one of the slot's two, and a pin there.
 *
 *                     the flow has a pin?
 *          yes                                no
 *    the pin's target           it begins (SYN)?        else
 *                                 slot's target    slot's previous
 *
 * A flow that begins and cannot be pinned goes where its later packets will be sent, to `previous`.
 * Where nobody is left there, flows without a pin go to the target as on any settled slot.
 *
 * A SYN forged by others must not move an established flow. So a SYN follows a pin that is live;
 * and where a SYN was the first to be seen of a flow, packets that don't continue it are those of
 * an older flow: they go to `previous`, and the pin stays as it is. All but RST: a target that
 * still has an earlier flow of this name answers a SYN with an ACK, and the client answers that
 * with a RST for the earlier flow (RFC 5961, section 4.2). Only when that arrives can it begin.
 *
 * UDP has no SYN and no FIN: a flow begins with the packet after a silence, and an unknown one is
 * pinned to `previous`. The controller makes that the target when flows that began before the move
 * have had the time to be seen.
 */
#ifndef SHOAL_PIN_STEP_H
#define SHOAL_PIN_STEP_H

#include "packet.h"
#include "parse.h"
#include "pin_table.h"

/* A packet whose slot moves. */
struct shoal_moving {
	__u32 service;
	struct shoal_slot slot;
	struct shoal_pin_key key;
	__u32 tick;
	bool is_beginning; /* a SYN */
	bool is_closing; /* a FIN or RST */
	bool is_reset; /* a RST */
	bool is_udp; /* none of the above */
	bool is_error; /* an ICMP error: of no flow, it leaves pins as they are */
	__u16 sequence; /* upper half; of a SYN, the upper half of what follows it */
};

/* What matters here of TCP's or UDP's header in one number: flags above, sequence number below. */
static __always_inline __u64 shoal_moving_summary(const struct shoal_packet *packet,
						  enum shoal_matter matter)
{
	const struct tcphdr *tcp = packet->tcp;
	bool is_closing, is_beginning;

	if (matter == SHOAL_MATTER_ERROR)
		return 1ULL << 36;
	if (packet->is_udp)
		return 1ULL << 35;
	is_closing = tcp->fin || tcp->rst;
	is_beginning = tcp->syn && !tcp->ack && !is_closing;
	return (__u64)tcp->rst << 34 | (__u64)is_closing << 33 | (__u64)is_beginning << 32 |
	       bpf_ntohl(tcp->seq);
}

static __always_inline void shoal_read_summary(struct shoal_moving *moving, __u64 summary)
{
	moving->is_error = summary >> 36;
	moving->is_udp = summary >> 35 & 1;
	moving->is_reset = summary >> 34 & 1;
	moving->is_closing = summary >> 33 & 1;
	moving->is_beginning = summary >> 32 & 1;
	moving->sequence = ((__u32)summary + moving->is_beginning) >> 16;
}

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

/* The packet's word for a pin. Of a SYN, it holds the sequence number that follows. */
static __always_inline __u64 shoal_moving_word(const struct shoal_moving *moving, __u32 target,
					       enum shoal_pin_state state)
{
	__u32 check = moving->key.check;

	if (state == SHOAL_PIN_OPENING)
		check = (check & 0xffff0000) | moving->sequence;
	return shoal_pin_word(target, state, moving->tick, check);
}

/* The state of a pin after another packet. A SYN after FIN or RST may be the next flow's; then its
 * next packet says more.
 */
static __always_inline enum shoal_pin_state shoal_pin_next_state(enum shoal_pin_state state,
								 const struct shoal_moving *moving)
{
	if (moving->is_udp)
		return SHOAL_PIN_UDP;
	if (moving->is_closing)
		return SHOAL_PIN_CLOSING;
	if (moving->is_beginning)
		return state == SHOAL_PIN_CLOSING ? SHOAL_PIN_SEEN_ONCE : state;
	return state == SHOAL_PIN_CLOSING ? state : SHOAL_PIN_ESTABLISHED;
}

/* Notes that the pin's flow was seen. Where somebody else has changed the pin, theirs counts. */
static __always_inline void shoal_pin_touch(const struct shoal_pin_place *place,
					    const struct shoal_moving *moving)
{
	enum shoal_pin_state state = shoal_pin_next_state(shoal_pin_state(place->word), moving);
	__u64 word = shoal_moving_word(moving, shoal_pin_target(place->word), state);

	if (word != place->word)
		shoal_pin_swap(place->pin, place->word, word);
}

/* Pins the flow to a target: in its own place when it has one, else in a new one. */
static __always_inline bool shoal_pin_to(__u32 target, const struct shoal_pin_place *own,
					 const struct shoal_moving *moving)
{
	enum shoal_pin_state state = moving->is_udp	    ? SHOAL_PIN_UDP
				     : moving->is_beginning ? SHOAL_PIN_OPENING
				     : moving->is_closing   ? SHOAL_PIN_CLOSING
							    : SHOAL_PIN_SEEN_ONCE;
	__u64 word = shoal_moving_word(moving, target, state);
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

/* Whether a packet continues the SYN that a pin was made for: its sequence number is at most 64 to
 * 128 KiB beyond, more than a client sends before it is answered.
 */
static __always_inline bool shoal_continues(const struct shoal_moving *moving, __u64 word)
{
	return shoal_pin_state(word) != SHOAL_PIN_OPENING || moving->is_beginning ||
	       (__u16)(moving->sequence - (__u16)word) <= 1;
}

/* Where a flow is, as far as is known. Errors are about packets that were sent. */
static __always_inline __u32 shoal_likely_target(const struct shoal_moving *moving,
						 const struct shoal_pin_place *place)
{
	if (place->pin && shoal_is_usable(shoal_pin_target(place->word), moving->service))
		return shoal_pin_target(place->word);
	if (shoal_is_usable(moving->slot.previous, moving->service))
		return moving->slot.previous;
	return moving->slot.target;
}

/* The target of a packet whose slot moves; 0 is nobody.
 *
 * Not inlined, and all its arguments are numbers: otherwise packets of settled slots pay a
 * nanosecond or two for what the compiler then keeps at hand for this.
 */
static __noinline __u32 shoal_moving_target(__u32 service, __u32 slot_word, __u64 tag, __u32 check,
					    __u64 summary)
{
	struct shoal_pin_place place = {};
	struct shoal_moving moving = {
		.service = service,
		.key = { .tag = tag, .check = check },
		.tick = shoal_pin_tick(),
	};

	__builtin_memcpy(&moving.slot, &slot_word, sizeof(moving.slot));
	shoal_read_summary(&moving, summary);

	shoal_pin_find(&moving.key, NULL, &place);
	if (moving.is_error)
		return shoal_likely_target(&moving, &place);
	if (!place.pin || !shoal_is_usable(shoal_pin_target(place.word), service))
		return shoal_pick_side(&moving, &place);
	if ((moving.is_beginning || moving.is_udp) && shoal_pin_is_over(place.word, moving.tick))
		return shoal_pick_side(&moving, &place);
	if (!shoal_continues(&moving, place.word)) {
		if (moving.is_reset)
			return shoal_pin_target(place.word);
		if (shoal_is_usable(moving.slot.previous, service))
			return moving.slot.previous;
	}
	shoal_pin_touch(&place, &moving);
	return shoal_pin_target(place.word);
}

#endif
