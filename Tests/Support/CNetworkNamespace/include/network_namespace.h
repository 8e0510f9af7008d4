/* The network namespace of the calling thread alone: setns(2), unshare(2). Swift can't call either,
 * since glibc declares them for _GNU_SOURCE only.
 */
#ifndef NETWORK_NAMESPACE_H
#define NETWORK_NAMESPACE_H

/* Puts the thread into a new, empty network namespace. Returns 0, or an errno, negated. */
int shoal_unshare_network(void);

/* Puts the thread into the namespace that `fd` refers to. Returns 0, or an errno, negated. */
int shoal_enter_network(int fd);

#endif
