/* Changes of the network stack as the kernel tells of them: the multicast groups of rtnetlink(7).
 *
 * What has changed is not read from the messages but asked for anew: messages can be lost, a look
 * cannot.
 */
#include "host_network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

static const int groups[] = {
	RTNLGRP_LINK,	    RTNLGRP_NEIGH,	RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,
};

static int join_groups(int fd)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(*groups)))
			return -errno;
	return 0;
}

int host_watch_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int error;

	if (fd < 0)
		return -errno;
	error = join_groups(fd);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int change_of(int type)
{
	return type == RTM_NEWNEIGH || type == RTM_DELNEIGH ? HOST_CHANGE_NEIGHBOURS
							    : HOST_CHANGE_ROUTES;
}

int host_watch_read(int fd)
{
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *message;
	int changes = 0;
	ssize_t length;

	for (;;) {
		length = recv(fd, buffer, sizeof(buffer), 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == ENOBUFS) {
			changes |= HOST_CHANGE_ROUTES | HOST_CHANGE_NEIGHBOURS;
			continue;
		}
		if (length < 0)
			return errno == EAGAIN ? changes : -errno;
		message = (struct nlmsghdr *)buffer;
		for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
			changes |= change_of(message->nlmsg_type);
	}
}
