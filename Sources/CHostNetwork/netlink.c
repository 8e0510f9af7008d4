/* libnl carries and parses the messages; errors keep the kernel's numbers, which it would fold. */
#include "netlink.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

struct exchange {
	netlink_take take;
	void *context;
	int error;
};

struct nl_msg *netlink_request(int type, int flags, void *header, size_t size)
{
	struct nl_msg *request = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (request && nlmsg_append(request, header, size, NLMSG_ALIGNTO) == 0)
		return request;
	nlmsg_free(request);
	return NULL;
}

static int take_message(struct nl_msg *message, void *arg)
{
	struct exchange *exchange = arg;

	if (exchange->take)
		exchange->take(nlmsg_hdr(message), exchange->context);
	return NL_OK;
}

static int take_error(struct sockaddr_nl *sender, struct nlmsgerr *message, void *arg)
{
	struct exchange *exchange = arg;

	exchange->error = message->error;
	return NL_STOP;
}

/* What went wrong on our side of the socket. */
static int errno_from_libnl(int error)
{
	switch (-error) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_DUMP_INTR:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

int netlink_exchange(struct nl_msg *request, netlink_take take, void *context)
{
	struct exchange exchange = { .take = take, .context = context };
	struct nl_sock *socket = nl_socket_alloc();
	int error;

	if (!request || !socket) {
		nlmsg_free(request);
		nl_socket_free(socket);
		return -ENOMEM;
	}
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_message, &exchange);
	nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, take_error, &exchange);
	error = nl_connect(socket, NETLINK_ROUTE);
	if (error)
		nlmsg_free(request);
	else
		error = nl_send_sync(socket, request); /* frees the request */
	nl_socket_free(socket);
	if (exchange.error)
		return exchange.error;
	return error < 0 ? errno_from_libnl(error) : 0;
}

int netlink_dump(struct nl_msg *request, netlink_take take, struct netlink_list *list)
{
	int error;

	if (request)
		nlmsg_hdr(request)->nlmsg_flags |= NLM_F_DUMP;
	error = netlink_exchange(request, take, list);
	if (error)
		return error;
	return list->count > INT_MAX ? -EOVERFLOW : (int)list->count;
}

struct wire_ip wire_from_ip(struct host_ip ip)
{
	struct wire_ip wire = { .family = AF_INET6, .size = 16 };
	uint64_t high = htobe64(ip.high), low = htobe64(ip.low);

	memcpy(wire.bytes, &high, 8);
	memcpy(wire.bytes + 8, &low, 8);
	if (ip.high == 0 && ip.low >> 32 == 0xffff) {
		wire.family = AF_INET;
		wire.size = 4;
		memmove(wire.bytes, wire.bytes + 12, 4);
	}
	return wire;
}

struct host_ip ip_from_wire(int family, const void *bytes)
{
	uint64_t high, low;
	uint32_t ipv4;

	if (family == AF_INET) {
		memcpy(&ipv4, bytes, 4);
		return (struct host_ip){ .low = 0xffff00000000 | be32toh(ipv4) };
	}
	memcpy(&high, bytes, 8);
	memcpy(&low, (const char *)bytes + 8, 8);
	return (struct host_ip){ .high = be64toh(high), .low = be64toh(low) };
}

bool netlink_get_ip(struct nlattr *attribute, int family, struct host_ip *ip)
{
	if (!attribute || (family != AF_INET && family != AF_INET6))
		return false;
	if (nla_len(attribute) < (family == AF_INET ? 4 : 16))
		return false;
	*ip = ip_from_wire(family, nla_data(attribute));
	return true;
}

bool netlink_get_mac(struct nlattr *attribute, uint8_t mac[6])
{
	if (!attribute || nla_len(attribute) != ETH_ALEN)
		return false;
	memcpy(mac, nla_data(attribute), ETH_ALEN);
	return true;
}
