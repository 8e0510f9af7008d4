/* What Swift sees of libbpf, of bpf(2), and of statfs(2), which the Glibc module lacks. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sys/vfs.h>
