/* A file that two groups may use: acl(5), in the form that the kernel takes. */
#include "host_network.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

static struct posix_acl_xattr_entry entry(uint16_t tag, uint16_t permissions, uint32_t id)
{
	return (struct posix_acl_xattr_entry){
		.e_tag = htole16(tag),
		.e_perm = htole16(permissions),
		.e_id = htole32(id),
	};
}

int host_file_let_group(const char *path, uint32_t group)
{
	const uint16_t use = ACL_READ | ACL_WRITE;
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entries[5];
	} list = {
		.header = { .a_version = htole32(POSIX_ACL_XATTR_VERSION) },
		.entries = {
			entry(ACL_USER_OBJ, use, ACL_UNDEFINED_ID),
			entry(ACL_GROUP_OBJ, use, ACL_UNDEFINED_ID),
			entry(ACL_GROUP, use, group),
			entry(ACL_MASK, use, ACL_UNDEFINED_ID),
			entry(ACL_OTHER, 0, ACL_UNDEFINED_ID),
		},
	};

	return setxattr(path, "system.posix_acl_access", &list, sizeof(list), 0) < 0 ? -errno : 0;
}
