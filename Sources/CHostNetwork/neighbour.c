/* The neighbour table: RTM_GETNEIGH, RTM_NEWNEIGH and RTM_DELNEIGH of rtnetlink(7).
 *
 * libnl-route knows neither NDA_FLAGS_EXT nor NDA_PROTOCOL, so the messages are made by hand.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* The originator, as entries of ours name it; iproute2's table rt_protos leaves the number free. */
#define PROTOCOL_SHOAL 115

/* Flags that a replacement would take from the entry if it didn't repeat them. */
#define FLAGS_REPEATED (NTF_EXT_LEARNED | NTF_ROUTER)

/* States in which the kernel has a MAC address to send to. */
#define STATES_VALID (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

/* An entry as the kernel holds it; `neighbour.interface` is 0 when there is none. */
struct entry {
	struct host_neighbour neighbour;
	uint8_t flags;
};

static bool parse_entry(struct nlmsghdr *message, struct entry *entry)
{
	struct ndmsg *header = nlmsg_data(message);
	struct nlattr *attributes[NDA_MAX + 1];
	struct host_neighbour *neighbour = &entry->neighbour;

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse(message, sizeof(*header), attributes, NDA_MAX, NULL) < 0)
		return false;
	*entry = (struct entry){
		.flags = header->ndm_flags,
		.neighbour = { .interface = header->ndm_ifindex, .state = header->ndm_state },
	};
	if (attributes[NDA_FLAGS_EXT])
		neighbour->is_managed = nla_get_u32(attributes[NDA_FLAGS_EXT]) & NTF_EXT_MANAGED;
	if (attributes[NDA_PROTOCOL])
		neighbour->is_ours = neighbour->is_managed &&
				     nla_get_u8(attributes[NDA_PROTOCOL]) == PROTOCOL_SHOAL;
	neighbour->has_mac = netlink_get_mac(attributes[NDA_LLADDR], neighbour->mac);
	return netlink_get_ip(attributes[NDA_DST], header->ndm_family, &neighbour->ip);
}

static struct nl_msg *entry_request(int type, int flags, struct ndmsg header, struct host_ip ip)
{
	struct wire_ip wire = wire_from_ip(ip);
	struct nl_msg *request;

	header.ndm_family = wire.family;
	request = netlink_request(type, flags, &header, sizeof(header));
	if (request)
		nla_put(request, NDA_DST, wire.size, wire.bytes);
	return request;
}

static void take_entry(struct nlmsghdr *message, void *context)
{
	parse_entry(message, context);
}

static int read_entry(struct host_ip ip, uint32_t interface, struct entry *entry)
{
	struct ndmsg header = { .ndm_ifindex = interface };
	struct nl_msg *request = entry_request(RTM_GETNEIGH, 0, header, ip);
	int error;

	*entry = (struct entry){ 0 };
	error = netlink_exchange(request, take_entry, entry);
	return error == -ENOENT ? 0 : error;
}

int host_neighbour_read(struct host_ip ip, uint32_t interface, struct host_neighbour *neighbour)
{
	struct entry entry;
	int error = read_entry(ip, interface, &entry);

	if (error)
		return error;
	*neighbour = entry.neighbour;
	return neighbour->interface ? 0 : -ENOENT;
}

static void take_listed_entry(struct nlmsghdr *message, void *context)
{
	struct netlink_list *list = context;
	struct entry entry;

	if (!parse_entry(message, &entry))
		return;
	if (list->count < list->capacity)
		((struct host_neighbour *)list->entries)[list->count] = entry.neighbour;
	list->count++;
}

int host_neighbours(struct host_neighbour *entries, size_t capacity)
{
	struct netlink_list list = { .entries = entries, .capacity = capacity };
	struct ndmsg header = { .ndm_family = AF_UNSPEC };

	return netlink_dump(netlink_request(RTM_GETNEIGH, 0, &header, sizeof(header)),
			    take_listed_entry, &list);
}

int host_neighbour_keep(struct host_ip ip, uint32_t interface)
{
	struct ndmsg header = { .ndm_ifindex = interface };
	struct nl_msg *request;
	struct entry entry;
	int error = read_entry(ip, interface, &entry);

	if (error)
		return error;
	/* The kernel would make a permanent entry an ordinary one. One that appears between this
	 * look and the request has that fate; there is no request that does both.
	 */
	if (entry.neighbour.state & (NUD_PERMANENT | NUD_NOARP))
		return HOST_NEIGHBOUR_FIXED;
	if (entry.neighbour.is_managed)
		return HOST_NEIGHBOUR_KEPT;
	header.ndm_flags = entry.flags & FLAGS_REPEATED;
	request = entry_request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header, ip);
	if (request) {
		nla_put_u32(request, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
		nla_put_u8(request, NDA_PROTOCOL, PROTOCOL_SHOAL);
	}
	error = netlink_exchange(request, NULL, NULL);
	return error ? error : HOST_NEIGHBOUR_STARTED;
}

/* Repeats the entry without NTF_EXT_MANAGED. Stale: valid until traffic shows otherwise. */
static struct nl_msg *ordinary_request(const struct entry *entry)
{
	struct ndmsg header = {
		.ndm_ifindex = entry->neighbour.interface,
		.ndm_state = NUD_STALE,
		.ndm_flags = entry->flags & FLAGS_REPEATED,
	};
	struct nl_msg *request =
		entry_request(RTM_NEWNEIGH, NLM_F_REPLACE, header, entry->neighbour.ip);

	if (request)
		nla_put(request, NDA_LLADDR, sizeof(entry->neighbour.mac), entry->neighbour.mac);
	return request;
}

int host_neighbour_release(struct host_ip ip, uint32_t interface)
{
	struct ndmsg header = { .ndm_ifindex = interface };
	struct nl_msg *request;
	struct entry entry;
	int error = read_entry(ip, interface, &entry);

	if (error == -ENODEV)
		return 0;
	if (error)
		return error;
	if (!entry.neighbour.is_ours)
		return 0;
	if (entry.neighbour.has_mac && entry.neighbour.state & STATES_VALID)
		request = ordinary_request(&entry);
	else
		request = entry_request(RTM_DELNEIGH, 0, header, ip);
	error = netlink_exchange(request, NULL, NULL);
	if (error == -ENOENT)
		return 0;
	return error ? error : 1;
}
