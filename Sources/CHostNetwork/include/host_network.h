/* What the daemon asks of the host's network stack: interfaces, addresses, routes, neighbours,
 * announcements, sysctls and who is at a unix socket, over rtnetlink(7), packet(7), raw(7),
 * /proc/sys and unix(7).
 *
 * Every function acts in the network namespace of the calling thread. It opens what it needs,
 * closes it again and keeps nothing, so any thread may call any of them at any time; it waits for
 * nothing but the kernel. A negative result is an errno, negated; -EAGAIN from a list means that
 * the kernel's table changed while it was read.
 */
#ifndef HOST_NETWORK_H
#define HOST_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes 0 to 7 and 8 to 15 of an IPv6 address, each as a number; IPv4 as ::ffff:a.b.c.d. */
struct host_ip {
	uint64_t high;
	uint64_t low;
};

struct host_interface {
	uint32_t index;
	uint32_t mtu;
	char name[16];
	bool is_up; /* switched on by the administrator */
	bool has_carrier;
	bool has_mac; /* true of Ethernet only */
	uint8_t mac[6];
};

int host_interface_by_name(const char *name, struct host_interface *interface);
int host_interface_by_index(uint32_t index, struct host_interface *interface);

/* The lists return how many entries there are and write those that fit. */
int host_interfaces(struct host_interface *list, size_t capacity);

struct host_address {
	struct host_ip ip;
	uint32_t interface;
	uint8_t prefix_length;
};

int host_addresses(struct host_address *list, size_t capacity);

/* Adds or removes the address alone, as a /32 or /128: it brings no route to other hosts. An IPv6
 * address isn't probed for duplicates, and the host avoids it as a source. Returns 1 when that
 * changed something, 0 when the address was there (or gone) already.
 */
int host_address_add(struct host_ip ip, uint32_t interface);
int host_address_remove(struct host_ip ip, uint32_t interface);

struct host_route {
	struct host_ip gateway;
	struct host_ip source;
	uint32_t interface;
	bool has_gateway;
	bool has_source;
	bool is_local; /* the destination is an address of this host */
};

/* The route that a packet to `destination` takes now, as `ip route get` shows it; -ENETUNREACH or
 * what else the kernel says when there is none.
 */
int host_route_to(struct host_ip destination, struct host_route *route);

struct host_neighbour {
	struct host_ip ip;
	uint32_t interface;
	uint16_t state; /* NUD_* of linux/neighbour.h */
	bool is_managed; /* the kernel keeps it fresh: NTF_EXT_MANAGED */
	bool is_ours; /* managed because of host_neighbour_keep() */
	bool has_mac;
	uint8_t mac[6];
};

/* -ENOENT when the kernel has no such entry. */
int host_neighbour_read(struct host_ip ip, uint32_t interface, struct host_neighbour *neighbour);

int host_neighbours(struct host_neighbour *list, size_t capacity);

/* How many rules of policy routing there are beside those that every host begins with: where there
 * are any, the way to a destination may depend on more than the destination.
 */
int host_policy_rules(void);

/* What a watch tells of. */
enum host_change {
	HOST_CHANGE_ROUTES = 1, /* or links, addresses, rules */
	HOST_CHANGE_NEIGHBOURS = 2,
};

/* A descriptor that becomes readable when the network stack changes. To be closed by the caller. */
int host_watch_open(void);

/* Takes what has come since, without waiting, and returns a set of enum host_change. */
int host_watch_read(int fd);

enum host_neighbour_keeping {
	HOST_NEIGHBOUR_FIXED, /* permanent or without ARP: needs no keeping, left as it was */
	HOST_NEIGHBOUR_KEPT, /* managed already, by us or by someone else: left as it was */
	HOST_NEIGHBOUR_STARTED, /* now managed, and marked as ours */
};

/* Has the kernel (5.16 or later) resolve the neighbour now and keep it fresh without traffic.
 * Returns an enum host_neighbour_keeping.
 */
int host_neighbour_keep(struct host_ip ip, uint32_t interface);

/* Makes an entry of ours an ordinary one, which ages; deletes it when it isn't resolved. Returns 1,
 * or 0 when there is no entry or it isn't ours.
 */
int host_neighbour_release(struct host_ip ip, uint32_t interface);

/* Tells everyone on the link, twice, that the addresses are at this interface: ARP request and
 * reply (RFC 5944, section 4.6) or an unsolicited neighbour advertisement (RFC 4861, section
 * 7.2.6), for which the host must hold the address. Goes on after a failure; returns the first one
 * of the second round, which is that of list[*failed]. -EOPNOTSUPP when the interface isn't
 * Ethernet.
 */
int host_announce(const struct host_ip *list, size_t count, uint32_t interface, size_t *failed);

/* Reads or writes /proc/sys/`path`. Reading returns the length of the text, which is cut at `size`
 * and not terminated.
 */
int host_sysctl_read(const char *path, char *text, size_t size);
int host_sysctl_write(const char *path, const char *text);

struct host_peer {
	int32_t process; /* 0 when it is of another pid namespace */
	uint32_t user;
	uint32_t group; /* the primary one */
};

/* The process that connected to the other end of a unix socket, as it was then. -ENOTCONN when the
 * kernel knows of none.
 */
int host_peer_read(int fd, struct host_peer *peer);

/* Its supplementary groups; returns how many there are and writes them if all fit. */
int host_peer_groups(int fd, uint32_t *list, size_t capacity);

/* Lets a further group read and write a file or use a socket, whose mode then is rw-rw----.
 * -EOPNOTSUPP where the file system has no access control lists.
 */
int host_file_let_group(const char *path, uint32_t group);

/* From now on malloc(3) gives each block of so many bytes back to the kernel when it is freed. */
int host_return_blocks(size_t bytes);

/* -ENOENT when this host knows no group of that name. */
int host_group_by_name(const char *name, uint32_t *group);

#endif
