/* Interfaces: RTM_GETLINK of rtnetlink(7). */
#include "netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <string.h>

static bool parse_interface(struct nlmsghdr *message, struct host_interface *interface)
{
	struct ifinfomsg *header = nlmsg_data(message);
	struct nlattr *attributes[IFLA_MAX + 1];

	if (message->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(message, sizeof(*header), attributes, IFLA_MAX, NULL) < 0 ||
	    !attributes[IFLA_IFNAME])
		return false;
	*interface = (struct host_interface){
		.index = header->ifi_index,
		.is_up = header->ifi_flags & IFF_UP,
		.has_carrier = header->ifi_flags & IFF_LOWER_UP,
	};
	nla_strlcpy(interface->name, attributes[IFLA_IFNAME], sizeof(interface->name));
	if (attributes[IFLA_MTU])
		interface->mtu = nla_get_u32(attributes[IFLA_MTU]);
	if (header->ifi_type == ARPHRD_ETHER)
		interface->has_mac = netlink_get_mac(attributes[IFLA_ADDRESS], interface->mac);
	return true;
}

static struct nl_msg *interface_request(uint32_t index)
{
	struct ifinfomsg header = { .ifi_index = index };
	struct nl_msg *request = netlink_request(RTM_GETLINK, 0, &header, sizeof(header));

	if (request)
		nla_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return request;
}

static void take_interface(struct nlmsghdr *message, void *context)
{
	parse_interface(message, context);
}

/* An answer that isn't an interface leaves the index 0, which no interface has. */
static int ask_interface(struct nl_msg *request, struct host_interface *interface)
{
	int error;

	*interface = (struct host_interface){ 0 };
	error = netlink_exchange(request, take_interface, interface);
	if (error)
		return error;
	return interface->index ? 0 : -ENODEV;
}

int host_interface_by_name(const char *name, struct host_interface *interface)
{
	struct nl_msg *request;

	if (*name == '\0' || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	request = interface_request(0);
	if (request)
		nla_put_string(request, IFLA_IFNAME, name);
	return ask_interface(request, interface);
}

int host_interface_by_index(uint32_t index, struct host_interface *interface)
{
	if (index == 0)
		return -ENODEV;
	return ask_interface(interface_request(index), interface);
}

static void take_listed_interface(struct nlmsghdr *message, void *context)
{
	struct netlink_list *list = context;
	struct host_interface interface;

	if (!parse_interface(message, &interface))
		return;
	if (list->count < list->capacity)
		((struct host_interface *)list->entries)[list->count] = interface;
	list->count++;
}

int host_interfaces(struct host_interface *entries, size_t capacity)
{
	struct netlink_list list = { .entries = entries, .capacity = capacity };

	return netlink_dump(interface_request(0), take_listed_interface, &list);
}
