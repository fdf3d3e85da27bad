/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend does: the table of its calls. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vfs/vfs_attr.h"
#include "vfs/vfs_identity.h"
#include "vfs/vfs_lease.h"
#include "vfs/vfs_request.h"
#include "vfs/vfs_status.h"

struct vfs;
struct vfs_handle;
struct vfs_object;

enum vfs_caps {
    VFS_CAP_PERSISTENT = 1u << 0, /* handles survive a restart */
    VFS_CAP_SYMLINK = 1u << 2,
    VFS_CAP_LINK = 1u << 3,
    VFS_CAP_MKNOD = 1u << 4,
    VFS_CAP_CHOWN = 1u << 5, /* chown is possible at all */
    VFS_CAP_BTIME = 1u << 6,
    VFS_CAP_READ_FD = 1u << 7, /* read() can answer by descriptor */
    /* An exclusive create keeps its verifier in the new file's times: the client must set them. */
    VFS_CAP_VERIFIER_TIMES = 1u << 8,
    VFS_CAP_NAMED_ATTR = 1u << 9, /* openattr() */
    VFS_CAP_ACL = 1u << 10,       /* objects have ACLs, and these say who may do what */
    /* Local programs use the objects too, and lease() may be able to report that. */
    VFS_CAP_LEASE = 1u << 11,
    /* What a call changed survives a power failure only after persist(). */
    VFS_CAP_PERSIST = 1u << 12,
    /* It acts as its callers on a system that others use, too: a false identity gets another
     * user's rights there. */
    VFS_CAP_IDENTITY = 1u << 13,
};

/* All out-parameters are written only on VFS_OK unless said otherwise.  An object returned through
 * `out` carries a reference for the caller. */
struct vfs_ops {
    const char *name;

    void (*destroy)(struct vfs *fs); /* no object may be held any more */

    enum vfs_status (*root)(struct vfs *fs, struct vfs_object **out);
    /* BADHANDLE: not one of ours or forged; STALE: was one, the object is gone. */
    enum vfs_status (*resolve)(struct vfs *fs, const struct vfs_handle *handle,
                               struct vfs_object **out);
    /* The last reference is gone.  May have a blocking section of its own: the file may be gone as
     * well, with space to be freed. */
    void (*release)(struct vfs_object *obj);

    enum vfs_status (*statfs)(struct vfs_object *obj, struct vfs_statfs *out);
    enum vfs_status (*getattr)(struct vfs_object *obj, uint32_t mask, struct vfs_attr *out);
    /* Applies set->mask; SIZE needs write permission unless `opened` (the caller has the file
     * open for writing). *applied tells what took effect, also on error. */
    enum vfs_status (*setattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *set, bool opened, uint32_t *applied);
    /* Its mtime becomes now and its change attribute moves: the server's own doing, whomever the
     * thread acts for.  VFS_ROFS: the backend never changes anything. */
    enum vfs_status (*touch)(struct vfs_object *obj);
    /* *granted = the subset of `want` (enum vfs_access) that cred has. */
    enum vfs_status (*access)(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t want,
                              uint32_t *granted);

    enum vfs_status (*lookup)(struct vfs_object *dir, const struct vfs_cred *cred,
                              const struct vfs_name *name, struct vfs_object **out);
    /* The directory above `dir`; VFS_NOENT at the root of the file system.  Above an attribute
     * directory is its object, whatever that is. */
    enum vfs_status (*parent)(struct vfs_object *dir, const struct vfs_cred *cred,
                              struct vfs_object **out);
    enum vfs_status (*create)(struct vfs_object *dir, const struct vfs_cred *cred,
                              const struct vfs_name *name, struct vfs_create *create,
                              struct vfs_change_info *info, struct vfs_object **out);
    enum vfs_status (*readlink)(struct vfs_object *obj, const struct vfs_cred *cred, char *buf,
                                uint32_t size, uint32_t *len);
    /* Needs r on dir, and x for the entries' attributes and handles (NULL without). */
    enum vfs_status (*readdir)(struct vfs_object *dir, const struct vfs_cred *cred,
                               struct vfs_readdir *rd);
    /* Files and empty directories alike. */
    enum vfs_status (*remove)(struct vfs_object *dir, const struct vfs_cred *cred,
                              const struct vfs_name *name, struct vfs_change_info *info);
    /* As POSIX has it.  VFS_NOTDIR: a directory over something else; VFS_ISDIR: something else over
     * a directory; VFS_NOTEMPTY; VFS_INVAL: a directory below itself.  Two names of one object: OK,
     * and nothing changes. */
    enum vfs_status (*rename)(struct vfs_object *from_dir, const struct vfs_name *from,
                              struct vfs_object *to_dir, const struct vfs_name *to,
                              const struct vfs_cred *cred, struct vfs_change_info *from_info,
                              struct vfs_change_info *to_info);
    /* VFS_ISDIR for a directory; STALE or NOENT when obj has no name any more. */
    enum vfs_status (*link)(struct vfs_object *obj, struct vfs_object *dir,
                            const struct vfs_cred *cred, const struct vfs_name *name,
                            struct vfs_change_info *info);

    /* Would setattr(), remove() and link() refuse this to cred?  VFS_ACCESS, VFS_PERM or VFS_ROFS
     * if they surely would, as things are now; VFS_OK otherwise, also when they fail for another
     * reason, or the backend cannot tell.  Nothing is changed; for callers that disturb others
     * before they change anything.  may_link() without `obj`: for a name that rename() gives. */
    enum vfs_status (*may_setattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                                   const struct vfs_attr *set, bool opened);
    enum vfs_status (*may_remove)(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name);
    enum vfs_status (*may_link)(struct vfs_object *obj, struct vfs_object *dir,
                                const struct vfs_cred *cred);

    /* Check that cred may do `want` with the file's data and make ready for it: until the matching
     * close() the bytes stay reachable by read/write, whatever chmod or remove do meanwhile.  The
     * owner of a file passes regardless of mode bits only if `created` (it has just made it, or had
     * it open before a restart).
     * VFS_WANT_READ passes with execute permission too: a client reads what it runs.
     * Regular files only: VFS_ISDIR, VFS_SYMLINK, VFS_WRONG_TYPE. */
    enum vfs_status (*open)(struct vfs_object *obj, const struct vfs_cred *cred,
                            enum vfs_open_want want, bool created);
    void (*close)(struct vfs_object *obj, enum vfs_open_want want); /* may block, as release() */
    /* read, write, commit of what is no regular file: the statuses of open(). */
    enum vfs_status (*read)(struct vfs_object *obj, struct vfs_read *io);
    void (*read_done)(struct vfs_object *obj, int fd); /* after an answer by descriptor */
    /* *written may be short only on error; *stability says what was reached (>= wanted). */
    /* write() and commit() check no right (open() did), but act as cred, by which the system below
     * judges and accounts (suid and sgid bits, reserves, quotas). */
    enum vfs_status (*write)(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                             const void *data, uint32_t len, enum vfs_stability want,
                             uint32_t *written, enum vfs_stability *reached);
    enum vfs_status (*commit)(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                              uint64_t len);
    /* Make durable what calls that have returned changed of these objects of `fs`: attributes and
     * size of any, the entries of directories.  Without VFS_CAP_PERSIST it does nothing.  It waits
     * for the disk, and concurrent callers share what they wait for; call it with no lock held.
     * VFS_OK, or VFS_IO: the changes may be lost, and write_verifier has moved, since unstable
     * writes may be lost with them.  No other status: the changes have been made. */
    enum vfs_status (*persist)(struct vfs *fs, struct vfs_object *const *objects, uint32_t count);

    /* The attribute directory of obj (RFC 8881 §5.3), made if need be with `create`; without it
     * VFS_NOENT when obj has no named attributes.  VFS_ACCESS: who may read obj's data may look its
     * attributes up, who may write it, too, may change them; but where the mode bits stand for
     * something else (symlinks, devices, sticky directories) only the owner may change them.
     * VFS_WRONG_TYPE for what is an attribute or such a directory itself.  VFS_NOTSUPP without
     * VFS_CAP_NAMED_ATTR, see vfs_openattr_none().
     *
     * All other calls treat it as a directory and what is in it as regular files, but: create()
     * makes type VFS_REG only, as VFS_NAMEDATTR, else VFS_WRONG_TYPE, and VFS_CREATE_EXCLUSIVE is
     * VFS_INVAL; names stay where they are, so rename() and link() to or from elsewhere are
     * VFS_XDEV, and link() within it is VFS_NOTSUPP.  Its mode and owners follow from obj's;
     * setattr() of them is VFS_INVAL.  Changes of its entries are changes of obj, too (ctime and
     * change), writing to an attribute is not.  All of it goes with obj. */
    enum vfs_status (*openattr)(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                struct vfs_object **dir);

    /* The ACL (RFC 8881 §6) of obj, or what its mode comes to as one; out->aces has room for
     * VFS_ACL_ACES_MAX.  VFS_ACCESS: the ACL does not let cred read it.  VFS_NOTSUPP without
     * VFS_CAP_ACL, see vfs_getacl_none().
     *
     * setattr() and create() set it by VFS_ATTR_ACL; then all permissions follow from it, and mode
     * shows what it comes to for owner, group and others.  Set together with a mode, it has the
     * last word about the nine bits.  Setting the mode alone changes the ACL as §6.4.1.1 says; what
     * is made without an ACL inherits from its directory as §6.4.3 says.  Its owner may always read
     * and set it; an attribute directory's follows from the object's. */
    enum vfs_status (*getacl)(struct vfs_object *obj, const struct vfs_cred *cred,
                              struct vfs_acl *out);

    /* From now until unlease() of the same kind, report by vfs_lease_broken() when a local program,
     * which does not come through this interface, is about to do with the file's data what `kind`
     * excludes, and make it wait meanwhile if possible.  Regular files only.  Leases are counted;
     * those for reading do not exclude each other.  Each kind of use is reported once; after that
     * no lease is given before the last one is given back.
     * VFS_DELAY: a local program uses the file now, or too many leases are held; VFS_PERM,
     * VFS_NOTSUPP: not possible here.  VFS_NOTSUPP without VFS_CAP_LEASE, see vfs_lease_none():
     * there are no local programs.
     * Under a lease for reading, open() and write() for a caller of ours end it, which is told in
     * the same way.  With no lock held over which vfs_lease_broken() could be waited for. */
    enum vfs_status (*lease)(struct vfs_object *obj, enum vfs_lease kind);
    void (*unlease)(struct vfs_object *obj, enum vfs_lease kind);
};

/* persist() of a backend without VFS_CAP_PERSIST. */
enum vfs_status vfs_persist_none(struct vfs *fs, struct vfs_object *const *objects, uint32_t count);

/* openattr() of a backend without named attributes. */
enum vfs_status vfs_openattr_none(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                  struct vfs_object **dir);

/* getacl() of a backend without ACLs. */
enum vfs_status vfs_getacl_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                struct vfs_acl *out);
