#define _GNU_SOURCE
#include "network_namespace.h"

#include <errno.h>
#include <sched.h>

int shoal_unshare_network(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

int shoal_enter_network(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}
