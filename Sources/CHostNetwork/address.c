/* Addresses of the host: RTM_GETADDR, RTM_NEWADDR and RTM_DELADDR of rtnetlink(7). */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static bool parse_address(struct nlmsghdr *message, struct host_address *address)
{
	struct ifaddrmsg *header = nlmsg_data(message);
	struct nlattr *attributes[IFA_MAX + 1];
	struct nlattr *own;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(message, sizeof(*header), attributes, IFA_MAX, NULL) < 0)
		return false;
	/* On a point-to-point interface IFA_ADDRESS is the other end. */
	own = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	*address = (struct host_address){
		.interface = header->ifa_index,
		.prefix_length = header->ifa_prefixlen,
	};
	return netlink_get_ip(own, header->ifa_family, &address->ip);
}

static void take_listed_address(struct nlmsghdr *message, void *context)
{
	struct netlink_list *list = context;
	struct host_address address;

	if (!parse_address(message, &address))
		return;
	if (list->count < list->capacity)
		((struct host_address *)list->entries)[list->count] = address;
	list->count++;
}

int host_addresses(struct host_address *entries, size_t capacity)
{
	struct netlink_list list = { .entries = entries, .capacity = capacity };
	struct ifaddrmsg header = { .ifa_family = AF_UNSPEC };

	return netlink_dump(netlink_request(RTM_GETADDR, 0, &header, sizeof(header)),
			    take_listed_address, &list);
}

static struct nl_msg *address_request(int type, int flags, struct wire_ip wire, uint32_t interface)
{
	struct ifaddrmsg header = {
		.ifa_family = wire.family,
		.ifa_prefixlen = 8 * wire.size,
		.ifa_index = interface,
	};
	struct nl_msg *request = netlink_request(type, flags, &header, sizeof(header));

	if (request) {
		nla_put(request, IFA_LOCAL, wire.size, wire.bytes);
		nla_put(request, IFA_ADDRESS, wire.size, wire.bytes);
	}
	return request;
}

/* Two load balancers may hold the same VIP while they change places, so duplicate detection would
 * only take it from the new one. A preferred lifetime of 0 keeps the VIP from being chosen as the
 * source of what the host itself sends; a /128 would otherwise be the best match for some of it.
 */
static void put_ipv6_options(struct nl_msg *request)
{
	struct ifa_cacheinfo lifetime = { .ifa_prefered = 0, .ifa_valid = UINT32_MAX };

	nla_put_u32(request, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	nla_put(request, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
}

int host_address_add(struct host_ip ip, uint32_t interface)
{
	struct wire_ip wire = wire_from_ip(ip);
	struct nl_msg *request =
		address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, wire, interface);
	int error;

	if (request && wire.family == AF_INET6)
		put_ipv6_options(request);
	error = netlink_exchange(request, NULL, NULL);
	if (error == -EEXIST)
		return 0;
	return error ? error : 1;
}

int host_address_remove(struct host_ip ip, uint32_t interface)
{
	struct nl_msg *request = address_request(RTM_DELADDR, 0, wire_from_ip(ip), interface);
	int error = netlink_exchange(request, NULL, NULL);

	/* ENODEV: it went with its interface. */
	if (error == -EADDRNOTAVAIL || error == -ENODEV)
		return 0;
	return error ? error : 1;
}
