/* Telling a link unasked where an address is now: packet(7) for ARP, raw(7) for ICMPv6. */
#include "netlink.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One frame may be lost, two hardly are. */
#define ROUNDS 2

/* The hop limit that proves that nobody forwarded a neighbour discovery packet. */
#define HOP_LIMIT 255

/* A neighbour advertisement with its one option. */
struct advertisement {
	struct nd_neighbor_advert header;
	struct nd_opt_hdr option;
	uint8_t mac[ETH_ALEN];
};

/* The sockets for one interface, -1 until an address needs them. */
struct announcer {
	struct host_interface interface;
	int packet_fd;
	int icmpv6_fd;
};

static int send_arp(const struct announcer *announcer, struct wire_ip wire, int operation)
{
	const uint8_t *mac = announcer->interface.mac;
	struct sockaddr_ll everyone = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = announcer->interface.index,
		.sll_halen = ETH_ALEN,
		.sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	struct ether_arp arp = {
		.arp_hrd = htons(ARPHRD_ETHER),
		.arp_pro = htons(ETH_P_IP),
		.arp_hln = ETH_ALEN,
		.arp_pln = 4,
		.arp_op = htons(operation),
	};

	memcpy(arp.arp_sha, mac, ETH_ALEN);
	memcpy(arp.arp_spa, wire.bytes, 4);
	memcpy(arp.arp_tpa, wire.bytes, 4);
	if (operation == ARPOP_REPLY)
		memcpy(arp.arp_tha, mac, ETH_ALEN);
	if (sendto(announcer->packet_fd, &arp, sizeof(arp), 0, (struct sockaddr *)&everyone,
		   sizeof(everyone)) < 0)
		return -errno;
	return 0;
}

/* Some listen to requests only, some to replies only. */
static int announce_ipv4(struct announcer *announcer, struct wire_ip wire)
{
	int error;

	if (announcer->packet_fd < 0)
		announcer->packet_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (announcer->packet_fd < 0)
		return -errno;
	error = send_arp(announcer, wire, ARPOP_REQUEST);
	return error ? error : send_arp(announcer, wire, ARPOP_REPLY);
}

/* A socket that sends to the link of the interface and nowhere else. */
static int open_icmpv6(int index)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	int hops = HOP_LIMIT, loop = 0, error;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &loop, sizeof(loop)) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* The kernel fills in the checksum. */
static int send_advertisement(const struct announcer *announcer, struct wire_ip wire)
{
	struct sockaddr_in6 everyone = {
		.sin6_family = AF_INET6,
		.sin6_addr.s6_addr = { 0xff, 0x02, [15] = 0x01 },
		.sin6_scope_id = announcer->interface.index,
	};
	struct advertisement packet = {
		.header.nd_na_type = ND_NEIGHBOR_ADVERT,
		.header.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE,
		.option = { .nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1 },
	};

	memcpy(&packet.header.nd_na_target, wire.bytes, 16);
	memcpy(packet.mac, announcer->interface.mac, ETH_ALEN);
	if (sendto(announcer->icmpv6_fd, &packet, sizeof(packet), 0, (struct sockaddr *)&everyone,
		   sizeof(everyone)) < 0)
		return -errno;
	return 0;
}

static int announce_ipv6(struct announcer *announcer, struct wire_ip wire)
{
	struct sockaddr_in6 source = {
		.sin6_family = AF_INET6,
		.sin6_scope_id = announcer->interface.index,
	};

	if (announcer->icmpv6_fd < 0)
		announcer->icmpv6_fd = open_icmpv6(announcer->interface.index);
	if (announcer->icmpv6_fd < 0)
		return announcer->icmpv6_fd;
	memcpy(&source.sin6_addr, wire.bytes, 16);
	if (bind(announcer->icmpv6_fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		return -errno;
	return send_advertisement(announcer, wire);
}

/* Announces all addresses once. One that can't be doesn't keep the others from it. */
static int announce_round(struct announcer *announcer, const struct host_ip *list, size_t count,
			  size_t *failed)
{
	int first_error = 0;

	for (size_t i = 0; i < count; i++) {
		struct wire_ip wire = wire_from_ip(list[i]);
		int error = wire.family == AF_INET ? announce_ipv4(announcer, wire)
						   : announce_ipv6(announcer, wire);

		if (error && !first_error) {
			first_error = error;
			*failed = i;
		}
	}
	return first_error;
}

int host_announce(const struct host_ip *list, size_t count, uint32_t interface, size_t *failed)
{
	struct announcer announcer = { .packet_fd = -1, .icmpv6_fd = -1 };
	int error = host_interface_by_index(interface, &announcer.interface);

	*failed = 0;
	if (error)
		return error;
	if (!announcer.interface.has_mac)
		return -EOPNOTSUPP;
	for (int round = 0; round < ROUNDS; round++)
		error = announce_round(&announcer, list, count, failed);
	if (announcer.packet_fd >= 0)
		close(announcer.packet_fd);
	if (announcer.icmpv6_fd >= 0)
		close(announcer.icmpv6_fd);
	return error;
}
