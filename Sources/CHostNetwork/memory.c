/* What malloc(3) does with freed memory: mallopt(3). */
#include "host_network.h"

#include <errno.h>
#include <malloc.h>

int host_return_blocks(size_t bytes)
{
	return mallopt(M_MMAP_THRESHOLD, bytes) ? 0 : -EINVAL;
}
