// SPDX-License-Identifier: Apache-2.0
/* Sends SYNs of random sources for a while, as many as the cable takes, and says how many.
 *
 *   syn_flood INTERFACE DESTINATION_MAC NETWORK/PREFIX VIP PORT SECONDS RATE SEED
 *
 * Whole frames leave a packet socket, sendmmsg by the hundred: routes, neighbours and filters of
 * the sender have no say. Source addresses are any of the network's, ports 1024 and up, sequence
 * numbers any. RATE 0 looks for the highest rate at which the cable still takes all: a full one
 * would lose packets of everybody, and not show what the balancer does with a flood. The same SEED
 * gives the same packets.
 */
#define _GNU_SOURCE /* sendmmsg */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, PORTS_FROM = 1024 };

struct frame {
	struct ether_header ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* What a flood is made of, in network byte order where it goes onto the wire. */
struct wish {
	struct ether_addr own;
	struct ether_addr gateway;
	uint32_t network; /* host byte order */
	uint32_t host_mask;
	uint32_t vip;
	uint16_t port;
	double seconds;
	double rate;
	uint64_t seed;
};

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
	(void)number;
	is_stopped = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "syn_flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* SplitMix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return value ^ value >> 31;
}

static uint32_t sum(const void *data, size_t length)
{
	const uint16_t *words = data;
	uint32_t total = 0;

	for (size_t i = 0; i < length / 2; i++)
		total += words[i];
	return total;
}

static uint16_t folded(uint32_t total)
{
	total = (total & 0xffff) + (total >> 16);
	total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static void fill(struct frame *frame, const struct wish *wish)
{
	*frame = (struct frame){
		.ethernet.ether_type = htons(ETHERTYPE_IP),
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_TCP,
			.tot_len = htons(sizeof(struct iphdr) + sizeof(struct tcphdr)),
			.daddr = wish->vip },
		.tcp = { .doff = 5, .syn = 1, .dest = wish->port, .window = htons(64240) },
	};
	memcpy(frame->ethernet.ether_shost, &wish->own, ETH_ALEN);
	memcpy(frame->ethernet.ether_dhost, &wish->gateway, ETH_ALEN);
}

static void randomise(struct frame *frame, const struct wish *wish, uint64_t *state)
{
	uint64_t who = next(state), what = next(state);

	frame->ip.saddr = htonl(wish->network | ((uint32_t)who & wish->host_mask));
	frame->tcp.source = htons(PORTS_FROM + (who >> 32) % (65536 - PORTS_FROM));
	frame->tcp.seq = (uint32_t)what;
	frame->ip.id = (uint16_t)(what >> 32);
	frame->ip.check = 0;
	frame->ip.check = folded(sum(&frame->ip, sizeof(frame->ip)));
	frame->tcp.check = 0;
	frame->tcp.check = folded(sum(&frame->ip.saddr, 8) + htons(IPPROTO_TCP) +
				  htons(sizeof(frame->tcp)) + sum(&frame->tcp, sizeof(frame->tcp)));
}

static int open_socket(const char *interface, struct wish *wish)
{
	int packets = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll link = { .sll_family = AF_PACKET };
	struct ifreq request = {};
	int on = 1;

	if (packets < 0)
		fail("packet socket");
	link.sll_ifindex = if_nametoindex(interface);
	if (!link.sll_ifindex || bind(packets, (struct sockaddr *)&link, sizeof(link)))
		fail(interface);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(packets, SIOCGIFHWADDR, &request))
		fail(interface);
	memcpy(&wish->own, request.ifr_hwaddr.sa_data, ETH_ALEN);
	/* Straight to the driver; what it has no room for is lost, as on a wire. */
	if (setsockopt(packets, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		fail("PACKET_QDISC_BYPASS");
	return packets;
}

/* How many packets may leave, at a rate that is given or looked for. */
struct pace {
	bool is_fixed;
	double rate; /* packets a second */
	double allowance; /* packets */
	double at;
	double raised_at;
};

static struct pace new_pace(double rate, double at)
{
	const double first = 1e6; /* more than a cable takes */

	return (struct pace){
		.is_fixed = rate > 0, .rate = rate > 0 ? rate : first, .at = at, .raised_at = at
	};
}

static bool may_send(struct pace *pace, double at)
{
	pace->allowance += (at - pace->at) * pace->rate;
	if (!pace->is_fixed && pace->allowance > 2 * BATCH)
		pace->allowance = 2 * BATCH;
	pace->at = at;
	return pace->allowance >= BATCH;
}

/* Slower at once when the cable refused some, a little faster when it has refused none for long. */
static void note_sent(struct pace *pace, int sent)
{
	const double raise_after = 0.05;

	pace->allowance -= BATCH;
	if (sent < BATCH) {
		pace->rate *= pace->is_fixed ? 1 : 0.9;
		pace->raised_at = pace->at;
		usleep(1000);
	} else if (!pace->is_fixed && pace->at - pace->raised_at > raise_after) {
		pace->rate *= 1.01;
		pace->raised_at = pace->at;
	}
}

/* Returns how many packets the driver took. */
static uint64_t flood(int packets, const struct wish *wish)
{
	static struct frame frames[BATCH];
	static struct iovec parts[BATCH];
	static struct mmsghdr messages[BATCH];
	uint64_t state = wish->seed, taken = 0, tried = 0;
	double began = now();
	struct pace pace = new_pace(wish->rate, began);

	for (int i = 0; i < BATCH; i++) {
		fill(&frames[i], wish);
		parts[i] = (struct iovec){ &frames[i], sizeof(frames[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	for (double at = began; !is_stopped && at - began < wish->seconds; at = now()) {
		int sent;

		if (!may_send(&pace, at)) {
			usleep(50);
			continue;
		}
		for (int i = 0; i < BATCH; i++)
			randomise(&frames[i], wish, &state);
		tried += BATCH;
		sent = sendmmsg(packets, messages, BATCH, 0);
		if (sent > 0)
			taken += sent;
		else if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			fail("sendmmsg");
		note_sent(&pace, sent);
	}
	printf("{\"sent\": %llu, \"tried\": %llu, \"seconds\": %.3f, \"lastRate\": %.0f}\n",
	       (unsigned long long)taken, (unsigned long long)tried, now() - began, pace.rate);
	return taken;
}

static bool read_mac(const char *text, struct ether_addr *mac)
{
	unsigned char *octet = mac->ether_addr_octet;

	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", octet, octet + 1, octet + 2, octet + 3,
		      octet + 4, octet + 5) == ETH_ALEN;
}

static bool read_network(const char *text, struct wish *wish)
{
	char address[INET_ADDRSTRLEN];
	struct in_addr network;
	unsigned int prefix;

	if (sscanf(text, "%15[0-9.]/%u", address, &prefix) != 2 || prefix < 1 || prefix > 31)
		return false;
	if (inet_pton(AF_INET, address, &network) != 1)
		return false;
	wish->host_mask = 0xffffffff >> prefix;
	wish->network = ntohl(network.s_addr) & ~wish->host_mask;
	return true;
}

int main(int count, char **words)
{
	struct wish wish = {};
	struct in_addr vip;

	if (count != 9 || !read_mac(words[2], &wish.gateway) || !read_network(words[3], &wish) ||
	    inet_pton(AF_INET, words[4], &vip) != 1) {
		fprintf(stderr,
			"usage: syn_flood INTERFACE DESTINATION_MAC NETWORK/PREFIX VIP PORT "
			"SECONDS RATE SEED\n");
		return 2;
	}
	wish.vip = vip.s_addr;
	wish.port = htons((uint16_t)atoi(words[5]));
	wish.seconds = atof(words[6]);
	wish.rate = atof(words[7]);
	wish.seed = strtoull(words[8], NULL, 0);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);

	int packets = open_socket(words[1], &wish);

	fprintf(stderr, "running\n");
	return flood(packets, &wish) ? 0 : 1;
}
