/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps, in the order in which a packet meets them. */
#ifndef SHOAL_MAPS_H
#define SHOAL_MAPS_H

#include "shoal_limits.h"
#include "shoal_pin.h"
#include "shoal_reason.h"
#include "shoal_types.h"

/* listeners: is this packet for us, and which service serves it?
 *   key     VIP, port and protocol
 *   written by the controller, one entry per listener
 *   read    once per packet, before anything else is known about it
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SHOAL_LISTENERS_MAX);
	__type(key, struct shoal_endpoint);
	__type(value, struct shoal_listener);
} listeners SEC(".maps");

/* services: how does this service spread its flows, and where is its table?
 *   key     service id
 *   written by the controller; one update switches a service to another table
 *   read    once per packet to a listener
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHOAL_SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct shoal_service);
} services SEC(".maps");

/* slots: which target owns this part of the hash's range?
 *   key     half of (table offset + slot)
 *   written by the controller through mmap, into a range that no service reads yet
 *   read    once per packet to a listener
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHOAL_SLOTS_MAX / 2);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shoal_slot_pair);
} slots SEC(".maps");

/* pins: where does this flow stay while its slot moves?
 *   key     bucket; a flow's pin is in the one that its tag names or in that one's neighbour
 *   written by the program; places are freed by the controller through mmap
 *   read    once per packet of a moving slot
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHOAL_PIN_BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shoal_pin_bucket);
} pins SEC(".maps");

/* pin_spendings: may this CPU make another pin?
 *   key     0
 *   written by the program, once per pin
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shoal_pin_spending);
} pin_spendings SEC(".maps");

/* targets: where is this server, and which way?
 *   key     target id; 0 is nobody
 *   written by the controller through mmap; but for its next hop, the entry of an id changes only
 *           after the id has rested
 *   read    once per packet to a listener
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHOAL_TARGETS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shoal_target);
} targets SEC(".maps");

/* egresses: which interface is it that a next hop names?
 *   key     number of the egress; 0 is none
 *   written by the controller, one entry per interface that a target is reached by
 *   read    once per packet to a target whose next hop is known
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHOAL_EGRESSES_MAX);
	__type(key, __u32);
	__type(value, struct shoal_egress);
} egresses SEC(".maps");

/* return_paths: is this a target's reply, and whose name must it carry?
 *   key     address, port and protocol that the packet comes from
 *   written by the controller, one entry per target of a service in mode nat
 *   read    once per packet that is for no listener
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SHOAL_RETURN_PATHS_MAX);
	__type(key, struct shoal_endpoint);
	__type(value, struct shoal_return_path);
} return_paths SEC(".maps");

/* interfaces: may a packet leave by this interface?
 *   key     interface index, and so is the value
 *   written by the controller, one entry per interface that the program is attached to
 *   read    by the redirect helper. Not pinned: the kernel makes device maps read-only to programs,
 *           which libbpf takes for another map, and entries would outlive their interfaces.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, SHOAL_INTERFACES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} interfaces SEC(".maps");

/* counters_reasons: what became of all packets?
 *   key     enum shoal_reason
 *   written by the program, once per packet
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SHOAL_REASON_COUNT);
	__type(key, __u32);
	__type(value, struct shoal_counter);
} counters_reasons SEC(".maps");

/* counters_listeners: what went through this listener?
 *   key     listener id
 *   written by the program, once per translated packet; cleared by the controller with the id
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SHOAL_LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct shoal_traffic);
} counters_listeners SEC(".maps");

/* counters_targets: what went to this target and came back?
 *   key     target id
 *   written by the program, once per translated packet; cleared by the controller with the id
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SHOAL_TARGETS_MAX);
	__type(key, __u32);
	__type(value, struct shoal_traffic);
} counters_targets SEC(".maps");

/* counters_pins: what happened to pins?
 *   key     enum shoal_pin_event
 *   written by the program, once per pin that it makes or fails to make
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SHOAL_PIN_EVENT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counters_pins SEC(".maps");

/* meta: which layout, which revision, which key?
 *   key     0
 *   written by the controller
 *   read    by tools
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shoal_meta);
} meta SEC(".maps");

#endif
