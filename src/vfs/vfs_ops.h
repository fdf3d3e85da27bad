/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend does: the table of its calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfs/vfs_attr.h"
#include "vfs/vfs_identity.h"
#include "vfs/vfs_lease.h"
#include "vfs/vfs_request.h"
#include "vfs/vfs_status.h"

struct vfs;
struct vfs_handle;
struct vfs_object;
struct vfs_read_plus;

enum vfs_caps {
    VFS_CAP_PERSISTENT = 1u << 0, /* handles survive a restart */
    VFS_CAP_SYMLINK = 1u << 2,
    VFS_CAP_LINK = 1u << 3,
    VFS_CAP_MKNOD = 1u << 4,
    VFS_CAP_CHOWN = 1u << 5, /* chown is possible at all */
    VFS_CAP_BTIME = 1u << 6,
    VFS_CAP_READ_FD = 1u << 7, /* read() can return a descriptor */
    /* Exclusive create stores its verifier in the times of the new file: the client must set
     * them. */
    VFS_CAP_VERIFIER_TIMES = 1u << 8,
    VFS_CAP_NAMED_ATTR = 1u << 9, /* openattr() */
    VFS_CAP_ACL = 1u << 10,       /* objects have ACLs, which determine access */
    /* Local programs use the objects, too; lease() may be able to report that. */
    VFS_CAP_LEASE = 1u << 11,
    /* Changes survive a power failure only after persist(). */
    VFS_CAP_PERSIST = 1u << 12,
    /* Acts as its callers on a system with other users: a forged identity would get another user's
     * rights there. */
    VFS_CAP_IDENTITY = 1u << 13,
    /* READDIR lists entries in the order in which they got their names: a new entry is the last
     * one, and its cookie the largest that the directory ever had. */
    VFS_CAP_ORDER = 1u << 14,
    VFS_CAP_PARENTS = 1u << 15, /* an object knows all its names: VFS_CHANGE_CHILD is told */
    VFS_CAP_SPACE = 1u << 16,   /* allocate() and the calls up to read_plus() */
    VFS_CAP_CLONE = 1u << 17,   /* clone() */
    VFS_CAP_COPY = 1u << 18,    /* copy() */
    VFS_CAP_XATTR = 1u << 19,   /* getxattr() and the other three */
    VFS_CAP_ATIME = 1u << 21,   /* setattr() with VFS_ATTR_HELD can set atime alone */
    VFS_CAP_LABEL = 1u << 20,   /* objects have security labels: getlabel(), VFS_ATTR_LABEL */
};

/* Out parameters are written only on VFS_OK unless noted otherwise.  An object returned through
 * `out` has a reference for the caller. */
struct vfs_ops {
    const char *name;

    void (*destroy)(struct vfs *fs); /* no object may be held */
    /* Is no object held but by the backend itself?  Asked only when no new calls come. */
    bool (*idle)(struct vfs *fs);

    enum vfs_status (*root)(struct vfs *fs, struct vfs_object **out);
    /* VFS_BADHANDLE: not a handle of ours; VFS_STALE: the object is gone. */
    enum vfs_status (*resolve)(struct vfs *fs, const struct vfs_handle *handle,
                               struct vfs_object **out);
    /* The last reference is gone.  May enter a blocking section: the file may be gone, too, and its
     * space must be freed. */
    void (*release)(struct vfs_object *obj);

    enum vfs_status (*statfs)(struct vfs_object *obj, struct vfs_statfs *out);
    enum vfs_status (*getattr)(struct vfs_object *obj, uint32_t mask, struct vfs_attr *out);
    /* Apply set->mask.  SIZE needs write permission unless `opened` (the caller has the file open
     * for writing). *applied is what took effect, also on an error.
     *
     * With VFS_ATTR_HELD it sets times that the holder of a delegation reports (RFC 9754 §5), in
     * the server's own right, whoever the caller is.  An mtime advances the change attribute, and
     * the ctime at least to that mtime.  An atime alone changes neither (VFS_CAP_ATIME). */
    enum vfs_status (*setattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *set, bool opened, uint32_t *applied);
    /* Set mtime to the present and advance the change attribute, in the server's own right,
     * whatever identity the thread has.  VFS_ROFS: the backend is read-only. */
    enum vfs_status (*touch)(struct vfs_object *obj);
    /* *granted = the subset of `want` (enum vfs_access) that cred has. */
    enum vfs_status (*access)(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t want,
                              uint32_t *granted);

    enum vfs_status (*lookup)(struct vfs_object *dir, const struct vfs_cred *cred,
                              const struct vfs_name *name, struct vfs_object **out);
    /* The parent of `dir`; VFS_NOENT at the root of the file system.  The parent of an attribute
     * directory is its object. */
    enum vfs_status (*parent)(struct vfs_object *dir, const struct vfs_cred *cred,
                              struct vfs_object **out);
    enum vfs_status (*create)(struct vfs_object *dir, const struct vfs_cred *cred,
                              const struct vfs_name *name, struct vfs_create *create,
                              struct vfs_change_info *info, struct vfs_object **out);
    enum vfs_status (*readlink)(struct vfs_object *obj, const struct vfs_cred *cred, char *buf,
                                uint32_t size, uint32_t *len);
    /* Needs r on dir, and x for the entries' attributes and handles (otherwise NULL). */
    enum vfs_status (*readdir)(struct vfs_object *dir, const struct vfs_cred *cred,
                               struct vfs_readdir *rd);
    /* For files and empty directories. */
    enum vfs_status (*remove)(struct vfs_object *dir, const struct vfs_cred *cred,
                              const struct vfs_name *name, struct vfs_change_info *info);
    /* Like POSIX.  VFS_NOTDIR: a directory over a non-directory; VFS_ISDIR: the reverse;
     * VFS_NOTEMPTY; VFS_INVAL: a directory below itself.  Two names of one object: VFS_OK, and
     * nothing changes. */
    enum vfs_status (*rename)(struct vfs_object *from_dir, const struct vfs_name *from,
                              struct vfs_object *to_dir, const struct vfs_name *to,
                              const struct vfs_cred *cred, struct vfs_change_info *from_info,
                              struct vfs_change_info *to_info);
    /* VFS_ISDIR for a directory; VFS_STALE or VFS_NOENT if obj has no name any more. */
    enum vfs_status (*link)(struct vfs_object *obj, struct vfs_object *dir,
                            const struct vfs_cred *cred, const struct vfs_name *name,
                            struct vfs_change_info *info);

    /* Would setattr(), remove() and link() deny this to cred?  VFS_ACCESS, VFS_PERM or VFS_ROFS if
     * they certainly would at present; otherwise VFS_OK, also if they would fail for another
     * reason, or if the backend cannot tell.  Changes nothing; for callers that affect other
     * clients before they change anything.  may_link() without `obj` is for a name created by
     * rename(). */
    enum vfs_status (*may_setattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                                   const struct vfs_attr *set, bool opened);
    enum vfs_status (*may_remove)(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name);
    enum vfs_status (*may_link)(struct vfs_object *obj, struct vfs_object *dir,
                                const struct vfs_cred *cred);

    /* Check that cred has the access `want` to the file's data, and prepare for it: until the
     * matching close() the data can be read and written, regardless of later chmod or remove.  The
     * owner of a file passes regardless of the mode only if `created` (it has just created the
     * file, or had it open before a restart).  VFS_WANT_READ also passes with execute permission: a
     * client reads what it executes.  Only for regular files: VFS_ISDIR, VFS_SYMLINK,
     * VFS_WRONG_TYPE. */
    enum vfs_status (*open)(struct vfs_object *obj, const struct vfs_cred *cred,
                            enum vfs_open_want want, bool created);
    void (*close)(struct vfs_object *obj, enum vfs_open_want want); /* may block, like release() */
    /* read, write and commit of anything but a regular file: the statuses of open(). */
    enum vfs_status (*read)(struct vfs_object *obj, struct vfs_read *io);
    void (*read_done)(struct vfs_object *obj, int fd); /* after read() returned a descriptor */
    /* write() and commit() check no permission (open() did), but act as cred, which determines suid
     * and sgid bits, reserved blocks and quotas in the file system below. *written may be less only
     * on an error; *reached is at least `want`. */
    enum vfs_status (*write)(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                             const void *data, uint32_t len, enum vfs_stability want,
                             uint32_t *written, enum vfs_stability *reached);
    enum vfs_status (*commit)(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                              uint64_t len);
    /* Make durable what completed calls have changed of these objects of `fs`: attributes and size,
     * and entries of directories.  Without VFS_CAP_PERSIST it does nothing.  Waits for the disk;
     * concurrent callers share the wait.  Without locks.  VFS_OK; or VFS_IO: the changes may be
     * lost, and write_verifier has moved, since unstable writes may be lost with them.  No other
     * status: the changes have been made. */
    enum vfs_status (*persist)(struct vfs *fs, struct vfs_object *const *objects, uint32_t count);

    /* Space of a regular file (RFC 7862 §4).  Like write(), they check no permission but act as
     * cred; their other statuses are those of write().  allocate() reserves it, so that no write to
     * the range fails for lack of space, and extends the file to the end of the range.
     * deallocate() frees it as far as whole blocks go: all of the range reads as zeros, and the
     * size stays.  After an error the contents and the size are what they were.  `length` is not 0,
     * and the range ends at 2^63 - 1 at most.  VFS_NOTSUPP: this file system cannot.  Without
     * VFS_CAP_SPACE see vfs_space_none(), vfs_seek_none() and vfs_read_plus_none(). */
    enum vfs_status (*allocate)(struct vfs_object *obj, const struct vfs_cred *cred,
                                uint64_t offset, uint64_t length);
    enum vfs_status (*deallocate)(struct vfs_object *obj, const struct vfs_cred *cred,
                                  uint64_t offset, uint64_t length);
    /* *found = the first byte at `offset` or behind it that is data, or in a hole; the end of the
     * file counts as a hole.  *eof: there is none in front of the end of the file, and *found is
     * that end.  VFS_NXIO: `offset` is at or behind the end.  Other statuses are those of
     * read(). */
    enum vfs_status (*seek)(struct vfs_object *obj, enum vfs_content what, uint64_t offset,
                            uint64_t *found, bool *eof);
    /* *bytes = how much space the removal of a file would free: what it does not share with others
     * (RFC 7862 §12.2.2).  Of any object.  VFS_NOTSUPP: it cannot be told, or only with more work
     * than LIMIT_SPACE_FREED_RUNS. */
    enum vfs_status (*space_freed)(struct vfs_object *obj, uint64_t *bytes);
    /* read() that tells holes apart (RFC 7862 §15.10); see vfs_read_plus.h.  read_done() as after
     * read(). */
    enum vfs_status (*read_plus)(struct vfs_object *obj, struct vfs_read_plus *io);

    /* Hints about the use of a range of a regular file (enum vfs_advice), which may be all beyond
     * its end; `length` 0: to the end.  *taken = those that are followed; it may follow none, and
     * it limits its own work.  Checks no permission, and changes nothing that can be read. */
    enum vfs_status (*advise)(struct vfs_object *obj, uint64_t offset, uint64_t length,
                              uint32_t advice, uint32_t *taken);

    /* From one regular file to another, or to the same one; `to` has the same backend but may be
     * in another export.  They check no permission but act as cred.  Both ranges end at 2^63 - 1
     * at most.
     *
     * clone() shares the bytes, atomically and at no cost in space, until one of the files changes
     * (RFC 7862 §15.13).  `length` 0: to the end of `from`.  VFS_INVAL: the range reaches behind
     * the end of `from`, is not aligned to vfs->clone_blksize (its end may be the end of `from`
     * instead), or overlaps the target.  VFS_XDEV, VFS_NOTSUPP: not possible between these two.
     *
     * copy() copies at most `length` bytes, and not behind the end of `from`: *copied is 0 only
     * there or on an error, and an error is told only then.  It may copy less, since it does no
     * more than LIMIT_COPY_BYTES of data in one call: the caller repeats it.  Holes stay holes
     * where it can.  What is copied of one file may not overlap: VFS_INVAL.  VFS_FBIG as for
     * write().  VFS_XDEV, VFS_NOTSUPP: use read() and write(), as vfs_copy() (vfs_copy.h) does. */
    enum vfs_status (*clone)(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                             uint64_t to_offset, uint64_t length, const struct vfs_cred *cred);
    enum vfs_status (*copy)(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                            uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                            uint64_t *copied);

    /* Extended attributes (RFC 8276): the names stand for user.NAME.  Permission to read obj's
     * data permits reading and listing them, permission to write it permits changing them; but
     * where the mode bits have another meaning (symlinks, devices, sticky directories) only the
     * owner may change them.  VFS_ACCESS, VFS_PERM: not permitted to cred, or obj cannot have any;
     * VFS_NOXATTR; VFS_WRONG_TYPE for named attributes and their directories.  VFS_NOTSUPP without
     * VFS_CAP_XATTR.  getxattr(): VFS_TOOSMALL if the value is larger than `size`; *len is its
     * length then, too.  setxattr(): VFS_EXIST; VFS_XATTR2BIG: name or value is longer than the
     * file system takes; VFS_NOSPC.  listxattrs(): a name that is there from the first call to the
     * last is listed once, whatever comes and goes meanwhile; VFS_BAD_COOKIE; VFS_XATTR2BIG: the
     * kernel cannot list so many.  Changes change the ctime and the change attribute of obj:
     * info. */
    enum vfs_status (*getxattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                                const struct vfs_xattr_name *name, void *buf, uint32_t size,
                                uint32_t *len);
    enum vfs_status (*setxattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                                const struct vfs_xattr_name *name, enum vfs_setxattr how,
                                const void *value, uint32_t len, struct vfs_change_info *info);
    enum vfs_status (*listxattrs)(struct vfs_object *obj, const struct vfs_cred *cred,
                                  struct vfs_listxattrs *list);
    enum vfs_status (*removexattr)(struct vfs_object *obj, const struct vfs_cred *cred,
                                   const struct vfs_xattr_name *name, struct vfs_change_info *info);

    /* The attribute directory of obj (RFC 8881 §5.3); with `create`, it is created if need be,
     * without, VFS_NOENT if obj has no named attributes.  VFS_ACCESS: permission to read obj's data
     * permits looking up its attributes, permission to write it permits changing them; but where
     * the mode bits have another meaning (symlinks, devices, sticky directories) only the owner may
     * change them.  VFS_WRONG_TYPE for an attribute or an attribute directory.  VFS_NOTSUPP without
     * VFS_CAP_NAMED_ATTR, see vfs_openattr_none().
     *
     * All other calls treat it as a directory, and its entries as regular files, except: create()
     * creates only VFS_REG, as VFS_NAMEDATTR, else VFS_WRONG_TYPE, and VFS_CREATE_EXCLUSIVE is
     * VFS_INVAL; names cannot leave it, so rename() and link() to or from elsewhere are VFS_XDEV,
     * and link() within it is VFS_NOTSUPP.  Its mode and owners are derived from obj's; setting
     * them is VFS_INVAL.  Changes of its entries also change obj (ctime and change); writing to an
     * attribute does not.  All of it is removed with obj. */
    enum vfs_status (*openattr)(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                struct vfs_object **dir);

    /* The ACL (RFC 8881 §6) of obj, or the equivalent of its mode; out->aces has room for
     * VFS_ACL_ACES_MAX.  VFS_ACCESS: the ACL does not permit cred to read it.  VFS_NOTSUPP without
     * VFS_CAP_ACL, see vfs_getacl_none().
     *
     * setattr() and create() set it by VFS_ATTR_ACL.  Then it determines all access, and the mode
     * shows its effect for owner, group and others.  If set together with a mode, the ACL
     * determines the nine bits.  Setting only the mode changes the ACL as in §6.4.1.1; an object
     * created without an ACL inherits from its directory as in §6.4.3.  The owner may always read
     * and set the ACL; that of an attribute directory is derived from the object's. */
    enum vfs_status (*getacl)(struct vfs_object *obj, const struct vfs_cred *cred,
                              struct vfs_acl *out);

    /* The security label of obj, in `data`, which has room for LIMIT_LABEL_BYTES; *len is 0 if it
     * has none.  Whoever may see the attributes of obj may see it.  VFS_NOTSUPP without
     * VFS_CAP_LABEL, see vfs_getlabel_none().
     *
     * setattr() sets it by VFS_ATTR_LABEL, for the owner or root.  A regular file that is created
     * with a label has it before it has a name; attrs_applied tells.  The backend stores it, and
     * does not act by it.  VFS_BADLABEL: the system below knows no such label. */
    enum vfs_status (*getlabel)(struct vfs_object *obj, const struct vfs_cred *cred, uint8_t *data,
                                uint32_t *len);

    /* Until unlease() of the same kind: when a local program, which does not use this interface, is
     * about to use the file's data in a way that `kind` excludes, report it by vfs_lease_broken()
     * and, if possible, make the program wait.  Regular files; and directories for VFS_LEASE_READ:
     * there a change of the entries or the attributes, or a removal, is reported soon after it was
     * made, and no program waits.  Leases are counted; read leases do not exclude each other.  Each
     * kind of use is reported once; after that no lease is granted until the last one is given
     * back.  VFS_DELAY: a local program uses the file now, or too many leases are held; VFS_PERM,
     * VFS_NOTSUPP: not possible here.  VFS_NOTSUPP without VFS_CAP_LEASE, see vfs_lease_none():
     * there are no local programs.  With a read lease of a file, open() and write() for our own
     * callers end the lease, which is reported in the same way; our own changes of a directory end
     * none.  No lock may be held that a vfs_lease_broken() could wait for. */
    enum vfs_status (*lease)(struct vfs_object *obj, enum vfs_lease kind);
    void (*unlease)(struct vfs_object *obj, enum vfs_lease kind);

    /* For people: one of the paths of obj below the root, as it is now or was a moment ago: "" for
     * the root, else "a/b", not NUL-terminated, any bytes.  In the server's own right, and without
     * locks: it may block.  VFS_STALE: the object has no name in this file system any more, or
     * none that can be found out; VFS_NOTSUPP: it is a named attribute or an attribute directory;
     * VFS_NAMETOOLONG: longer than `size`. */
    enum vfs_status (*path)(struct vfs_object *obj, char *buf, size_t size, size_t *len);
};

enum {
    VFS_PATH_BYTES = 4096 /* of a path that is to be shown */
};

/* persist() of a backend without VFS_CAP_PERSIST. */
enum vfs_status vfs_persist_none(struct vfs *fs, struct vfs_object *const *objects, uint32_t count);

/* openattr() of a backend without named attributes. */
enum vfs_status vfs_openattr_none(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                  struct vfs_object **dir);

/* allocate() and deallocate(), seek(), read_plus() and space_freed() of a backend without
 * VFS_CAP_SPACE. */
enum vfs_status vfs_space_none(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                               uint64_t length);
enum vfs_status vfs_seek_none(struct vfs_object *obj, enum vfs_content what, uint64_t offset,
                              uint64_t *found, bool *eof);
enum vfs_status vfs_read_plus_none(struct vfs_object *obj, struct vfs_read_plus *io);
enum vfs_status vfs_space_freed_none(struct vfs_object *obj, uint64_t *bytes);

/* advise() of a backend that follows no hints. */
enum vfs_status vfs_advise_none(struct vfs_object *obj, uint64_t offset, uint64_t length,
                                uint32_t advice, uint32_t *taken);

/* clone() and copy() of a backend without VFS_CAP_CLONE and VFS_CAP_COPY. */
enum vfs_status vfs_clone_none(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                               uint64_t to_offset, uint64_t length, const struct vfs_cred *cred);
enum vfs_status vfs_copy_none(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                              uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                              uint64_t *copied);

/* The four calls of a backend without VFS_CAP_XATTR. */
enum vfs_status vfs_getxattr_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                  const struct vfs_xattr_name *name, void *buf, uint32_t size,
                                  uint32_t *len);
enum vfs_status vfs_setxattr_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                  const struct vfs_xattr_name *name, enum vfs_setxattr how,
                                  const void *value, uint32_t len, struct vfs_change_info *info);
enum vfs_status vfs_listxattrs_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                    struct vfs_listxattrs *list);
enum vfs_status vfs_removexattr_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                     const struct vfs_xattr_name *name,
                                     struct vfs_change_info *info);

/* path() of a file system whose objects clients cannot open. */
enum vfs_status vfs_path_none(struct vfs_object *obj, char *buf, size_t size, size_t *len);

/* getacl() of a backend without ACLs. */
enum vfs_status vfs_getacl_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                struct vfs_acl *out);

/* getlabel() of a backend without security labels. */
enum vfs_status vfs_getlabel_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                  uint8_t *data, uint32_t *len);
