/* Which way a packet goes: RTM_GETROUTE of rtnetlink(7). */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

struct lookup {
	struct host_route *route;
	int error;
};

/* An IPv4 route may have an IPv6 gateway (RFC 8950), which comes in RTA_VIA. */
static bool get_gateway(struct nlattr **attributes, int family, struct host_ip *gateway)
{
	struct rtvia *via;
	size_t room;

	if (!attributes[RTA_VIA])
		return netlink_get_ip(attributes[RTA_GATEWAY], family, gateway);
	via = nla_data(attributes[RTA_VIA]);
	room = nla_len(attributes[RTA_VIA]);
	if (room < sizeof(*via) + 16 || via->rtvia_family != AF_INET6)
		return false;
	*gateway = ip_from_wire(AF_INET6, via->rtvia_addr);
	return true;
}

/* Of a route that refuses, IPv4 gives the error instead of the route; for IPv6 we do the same. */
static int refusal(unsigned int type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
		return -EACCES;
	default:
		return 0;
	}
}

static void take_route(struct nlmsghdr *message, void *context)
{
	struct rtmsg *header = nlmsg_data(message);
	struct nlattr *attributes[RTA_MAX + 1];
	struct lookup *lookup = context;
	struct host_route *route = lookup->route;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(message, sizeof(*header), attributes, RTA_MAX, NULL) < 0)
		return;
	lookup->error = refusal(header->rtm_type);
	route->is_local = header->rtm_type == RTN_LOCAL;
	if (attributes[RTA_OIF])
		route->interface = nla_get_u32(attributes[RTA_OIF]);
	route->has_gateway = get_gateway(attributes, header->rtm_family, &route->gateway);
	route->has_source =
		netlink_get_ip(attributes[RTA_PREFSRC], header->rtm_family, &route->source);
}

int host_route_to(struct host_ip destination, struct host_route *route)
{
	struct wire_ip wire = wire_from_ip(destination);
	struct rtmsg header = { .rtm_family = wire.family, .rtm_dst_len = 8 * wire.size };
	struct nl_msg *request = netlink_request(RTM_GETROUTE, 0, &header, sizeof(header));
	struct lookup lookup = { .route = route };
	int error;

	if (request)
		nla_put(request, RTA_DST, wire.size, wire.bytes);
	*route = (struct host_route){ 0 };
	error = netlink_exchange(request, take_route, &lookup);
	if (error)
		return error;
	if (lookup.error)
		return lookup.error;
	return route->interface ? 0 : -ENETUNREACH;
}
