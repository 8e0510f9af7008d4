/* What Swift sees of libbpf, of the kernel's bpf(2) interface, and statfs(2), which Glibc's module lacks. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sys/vfs.h>
