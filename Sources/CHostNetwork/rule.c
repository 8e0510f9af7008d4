/* Rules of policy routing: RTM_GETRULE of rtnetlink(7). */
#include "netlink.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* The three rules that every network namespace begins with ask one table each, of all packets. */
static bool is_plain(const struct fib_rule_hdr *rule, struct nlattr **attributes)
{
	uint32_t table = rule->table;

	if (attributes[FRA_TABLE])
		table = nla_get_u32(attributes[FRA_TABLE]);
	return rule->action == FR_ACT_TO_TBL && !rule->src_len && !rule->dst_len && !rule->tos &&
	       !(rule->flags & FIB_RULE_INVERT) && !attributes[FRA_IIFNAME] &&
	       !attributes[FRA_OIFNAME] && !attributes[FRA_FWMARK] && !attributes[FRA_L3MDEV] &&
	       (table == RT_TABLE_LOCAL || table == RT_TABLE_MAIN || table == RT_TABLE_DEFAULT);
}

static void take_rule(struct nlmsghdr *message, void *context)
{
	struct fib_rule_hdr *header = nlmsg_data(message);
	struct nlattr *attributes[FRA_MAX + 1];
	struct netlink_list *list = context;

	if (message->nlmsg_type == RTM_NEWRULE &&
	    nlmsg_parse(message, sizeof(*header), attributes, FRA_MAX, NULL) >= 0 &&
	    !is_plain(header, attributes))
		list->count++;
}

int host_policy_rules(void)
{
	struct netlink_list list = { 0 };
	struct fib_rule_hdr header = { .family = AF_UNSPEC };

	return netlink_dump(netlink_request(RTM_GETRULE, 0, &header, sizeof(header)), take_rule,
			    &list);
}
