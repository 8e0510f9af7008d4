/* One request to rtnetlink(7) and its answer, and addresses as attributes carry them. */
#ifndef HOST_NETWORK_NETLINK_H
#define HOST_NETWORK_NETLINK_H

#include "host_network.h"

#include <netlink/attr.h>
#include <netlink/msg.h>

/* A request that starts with `header`, the fixed part of its type; NULL without memory. It has a
 * page of room, far more than ours need, so that nla_put() on it can't fail.
 */
struct nl_msg *netlink_request(int type, int flags, void *header, size_t size);

/* Called for each message of the answer. */
typedef void (*netlink_take)(struct nlmsghdr *message, void *context);

/* Sends the request on a socket of its own, waits for the whole answer and frees the request. NULL
 * gives -ENOMEM; `take` may be NULL.
 */
int netlink_exchange(struct nl_msg *request, netlink_take take, void *context);

/* Where a list goes: `count` runs on past `capacity`. */
struct netlink_list {
	void *entries;
	size_t capacity;
	size_t count;
};

/* The same for a dump; returns the number of entries that `take` counted in the list. */
int netlink_dump(struct nl_msg *request, netlink_take take, struct netlink_list *list);

/* An address as it stands in a packet: 4 or 16 bytes. */
struct wire_ip {
	uint8_t family;
	uint8_t size;
	uint8_t bytes[16];
};

struct wire_ip wire_from_ip(struct host_ip ip);
struct host_ip ip_from_wire(int family, const void *bytes);

/* False when the attribute is missing or too short for the family. */
bool netlink_get_ip(struct nlattr *attribute, int family, struct host_ip *ip);
/* False when the attribute is missing or no Ethernet address. */
bool netlink_get_mac(struct nlattr *attribute, uint8_t mac[6]);

#endif
