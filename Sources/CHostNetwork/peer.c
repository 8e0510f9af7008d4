/* Who is at the other end of a unix socket: SO_PEERCRED and SO_PEERGROUPS of unix(7). */
#define _GNU_SOURCE
#include "host_network.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>

int host_peer_read(int fd, struct host_peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	/* What the kernel says when nobody is there. */
	if (credentials.uid == (uid_t)-1)
		return -ENOTCONN;
	*peer = (struct host_peer){
		.process = credentials.pid,
		.user = credentials.uid,
		.group = credentials.gid,
	};
	return 0;
}

int host_peer_groups(int fd, uint32_t *list, size_t capacity)
{
	socklen_t size = capacity * sizeof(*list);

	/* ERANGE tells the size that is needed. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) < 0 && errno != ERANGE)
		return -errno;
	return size / sizeof(*list);
}

int host_group_by_name(const char *name, uint32_t *group)
{
	size_t size = 1024;
	struct group entry, *found = NULL;
	char *text = NULL;
	int error;

	/* A group of many members has a long line. */
	do {
		char *longer = realloc(text, size *= 2);

		if (!longer) {
			free(text);
			return -ENOMEM;
		}
		text = longer;
		error = getgrnam_r(name, &entry, text, size, &found);
	} while (error == ERANGE && size < 1 << 20);
	if (found)
		*group = entry.gr_gid;
	free(text);
	if (error)
		return -error;
	return found ? 0 : -ENOENT;
}
