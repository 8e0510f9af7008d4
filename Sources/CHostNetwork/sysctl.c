/* Kernel settings in /proc/sys (proc(5)); those under net are of the namespace of the thread. */
#include "host_network.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_sysctl(const char *path, int flags)
{
	char full[PATH_MAX];
	int length = snprintf(full, sizeof(full), "/proc/sys/%s", path);
	int fd;

	if (length < 0 || (size_t)length >= sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int host_sysctl_read(const char *path, char *text, size_t size)
{
	int fd = open_sysctl(path, O_RDONLY);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read(fd, text, size);
	if (length < 0)
		length = -errno;
	close(fd);
	return length;
}

int host_sysctl_write(const char *path, const char *text)
{
	int fd = open_sysctl(path, O_WRONLY);
	int error = 0;

	if (fd < 0)
		return fd;
	/* A setting takes the whole text in one call or none of it. */
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}
