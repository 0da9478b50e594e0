/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filesystem.c - which file system a share lies on, where Linux can tell so that it is the same after the next mount.
 *
 * ext2, ext3, ext4 and btrfs make f_fsid out of their UUID.  XFS makes it out of the number of the device, which may be another
 * after a boot, but tells its UUID when asked.  NFS and CIFS have none, that of tmpfs is new with each mount, that of overlayfs
 * and FUSE is whatever lies below: there we know nothing.
 */
#include "scan_p.h"
#include "behov/digest.h"
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

/* As <xfs/xfs_fs.h> has it; only the UUID is read. */
struct xfs_geometry {
	uint32_t sizes[8];
	uint64_t counts[4];
	unsigned char uuid[16];
	uint32_t rest[7];
};
#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry)

static bool
is_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static const char *
identity(struct arena *mem, int root, const struct statfs *fs)
{
	struct xfs_geometry geometry = { .uuid = { 0 } };
	unsigned char id[sizeof fs->f_fsid];
	int part[2];

	memcpy(id, &fs->f_fsid, sizeof id);
	memcpy(part, &fs->f_fsid, sizeof part);
	switch ((unsigned long)fs->f_type) {
	case EXT4_SUPER_MAGIC:          /* ext2 and ext3, too */
		return is_zero(id, sizeof id) ? NULL : arena_print(mem, "ext %08x%08x", (unsigned)part[0], (unsigned)part[1]);
	case BTRFS_SUPER_MAGIC:
		return is_zero(id, sizeof id) ? NULL : arena_print(mem, "btrfs %08x%08x", (unsigned)part[0], (unsigned)part[1]);
	case XFS_SUPER_MAGIC:
		if (ioctl(root, XFS_GEOMETRY, &geometry) < 0 || is_zero(geometry.uuid, sizeof geometry.uuid))
			return NULL;
		return arena_print(mem, "xfs %s", digest_hex(mem, geometry.uuid, sizeof geometry.uuid));
	default:
		return NULL;
	}
}

char *
filesystem_of(struct arena *mem, int root, struct error *err)
{
	const char *id;
	struct statfs fs;
	struct stat st;

	if (fstatfs(root, &fs) < 0 || fstat(root, &st) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot ask for the file system");
		return NULL;
	}
	id = identity(mem, root, &fs);
	if (id)
		return arena_print(mem, "%s %" PRIu64, id, (uint64_t)st.st_ino);
	error_set(err, ERROR_SOURCE, "nothing tells a file system of this kind (%#lx) from another: only ext2, ext3, ext4, XFS and btrfs "
		  "are known again, so use identity = \"marker\" or \"none\"", (unsigned long)fs.f_type);
	return NULL;
}
