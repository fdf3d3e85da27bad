/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend interface: what a file system must do to be served, and nothing else.
 *
 * A backend gives out reference-counted objects (files, directories, ...) that know their own
 * persistent handle.  All calls are synchronous; a call that may sleep announces that itself
 * (vfs_blocking_begin/end) so that the worker's other connections go on elsewhere.  Every call
 * may come from any thread at any time; a backend locks for itself.  No layer above this one
 * knows a backend's name: it asks `caps`.
 *
 * Permission: every call takes the caller's credentials and the backend enforces them (a local
 * directory lets the kernel do it).  The exceptions are read, write, commit and the like on an
 * object: those trust that the caller got access by vfs open() or access() before, as POSIX
 * does with an open file.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/check.h"
#include "base/limits.h"

/* Values stand outside errno's range and nfsstat4's, so a mix-up shows at once. */
enum vfs_status {
    VFS_OK = 0,
    VFS_PERM = 0x10001, /* not owner */
    VFS_NOENT,
    VFS_IO,
    VFS_NXIO,
    VFS_ACCESS,
    VFS_EXIST,
    VFS_XDEV,
    VFS_NOTDIR,
    VFS_ISDIR,
    VFS_INVAL,
    VFS_FBIG,
    VFS_NOSPC,
    VFS_ROFS,
    VFS_MLINK,
    VFS_NAMETOOLONG,
    VFS_NOTEMPTY,
    VFS_DQUOT,
    VFS_STALE,      /* the object is gone for good */
    VFS_BADHANDLE,  /* these bytes never were a handle of ours */
    VFS_BAD_COOKIE, /* readdir */
    VFS_NOTSUPP,
    VFS_TOOSMALL,
    VFS_BADNAME,    /* the backend can't store such a name */
    VFS_SYMLINK,    /* wanted a file, found a symlink */
    VFS_WRONG_TYPE, /* wanted a file, found a device, socket, ... */
    VFS_DELAY,      /* try again later */
    VFS_CHANGED,    /* another object has that name than the caller expects: look again */
    VFS_SERVERFAULT,
};

enum vfs_type { /* same numbers as nfs_ftype4 */
    VFS_REG = 1,
    VFS_DIR = 2,
    VFS_BLK = 3,
    VFS_CHR = 4,
    VFS_LNK = 5,
    VFS_SOCK = 6,
    VFS_FIFO = 7,
    VFS_ATTRDIR = 8,   /* the named attributes of an object, by name */
    VFS_NAMEDATTR = 9, /* one of them */
};

/* What RFC 8881 §5.8.1.2 means by "is a directory" and "is a regular file". */
static inline bool vfs_type_is_dir(enum vfs_type type)
{
    return type == VFS_DIR || type == VFS_ATTRDIR;
}

static inline bool vfs_type_is_file(enum vfs_type type)
{
    return type == VFS_REG || type == VFS_NAMEDATTR;
}

enum {
    VFS_HANDLE_BYTES_MAX = 96,
    VFS_GIDS_MAX = 16
};

/* Bytes that find an object again, also after a restart where the backend can (VFS_CAP_PERSISTENT).
 * The backend makes and checks them; export/ wraps them into an nfs_fh4. */
struct vfs_handle {
    uint8_t len;
    uint8_t data[VFS_HANDLE_BYTES_MAX];
};

/* The caller, after squashing. */
struct vfs_cred {
    uint32_t uid;
    uint32_t gid;
    uint32_t gid_count;
    uint32_t gids[VFS_GIDS_MAX];
};

enum vfs_attr_mask {
    VFS_ATTR_TYPE = 1u << 0,
    VFS_ATTR_MODE = 1u << 1,
    VFS_ATTR_NLINK = 1u << 2,
    VFS_ATTR_UID = 1u << 3,
    VFS_ATTR_GID = 1u << 4,
    VFS_ATTR_SIZE = 1u << 5,
    VFS_ATTR_SPACE = 1u << 6,
    VFS_ATTR_RDEV = 1u << 7,
    VFS_ATTR_FILEID = 1u << 8,
    VFS_ATTR_ATIME = 1u << 9,
    VFS_ATTR_MTIME = 1u << 10,
    VFS_ATTR_CTIME = 1u << 11,
    VFS_ATTR_BTIME = 1u << 12,
    VFS_ATTR_CHANGE = 1u << 13,
    VFS_ATTR_NAMED_ATTR = 1u << 14,
    VFS_ATTR_ATIME_NOW = 1u << 16, /* set only: the server's clock */
    VFS_ATTR_MTIME_NOW = 1u << 17,
    VFS_ATTR_ACL = 1u << 18,       /* set only, where there is VFS_CAP_ACL; read by getacl() */
    VFS_ATTR_MODE_HIGH = 1u << 19, /* set only, with MODE and VFS_CAP_ACL: its nine permission bits
                                    * are not what is set, an ACL stays */
    VFS_ATTR_GUARDED = 1u << 20,   /* got only: not everybody may see it, ask VFS_MAY_READ_ATTR */
};
#define VFS_ATTR_ALL_GET 0x7fffu

struct vfs_acl; /* vfs_acl.h */

struct vfs_attr {
    uint32_t mask; /* which fields hold something (get: at least what was asked and exists) */
    enum vfs_type type;
    uint32_t mode; /* permission bits and suid, sgid, sticky: 07777 */
    uint32_t nlink;
    uint32_t uid;
    uint32_t gid;
    uint32_t rdev_major;
    uint32_t rdev_minor;
    uint64_t size;
    uint64_t space_used; /* bytes */
    uint64_t fileid;     /* never 0 */
    uint64_t change;
    struct timespec atime, mtime, ctime, btime;
    bool named_attr;           /* it has named attributes */
    const struct vfs_acl *acl; /* set only */
};

struct vfs_statfs {
    uint64_t bytes_total, bytes_free, bytes_avail;
    uint64_t files_total, files_free, files_avail;
    uint32_t name_max;
    uint32_t link_max;
    uint64_t file_size_max;
};

/* change_info4: the directory's change attribute around an operation; `atomic` only when nothing
 * else could have come between. */
struct vfs_change_info {
    bool atomic;
    uint64_t before, after;
};

struct vfs_object;

struct vfs_name {
    const char
        *data; /* not NUL-terminated; 1..LIMIT_NAME_BYTES bytes, no '/', no NUL, not . or .. */
    size_t len;
    /* For remove() and rename(): what lookup() found there, NULL for nothing.  If an object has the
     * name by then, and not this one, they do nothing and say VFS_CHANGED.  (Only changes that come
     * through this interface are noticed for sure.) */
    bool expects;
    const struct vfs_object *expected;
};

/* Is `obj`, which has that name now, what the caller expects?  NULL: an object without references.
 */
static inline bool vfs_name_fits(const struct vfs_name *name, const struct vfs_object *obj)
{
    return !name->expects || (obj && obj == name->expected);
}

/* ACCESS bits, same values as ACCESS4_* but for what is ours. */
enum vfs_access {
    VFS_MAY_READ = 0x01,
    VFS_MAY_LOOKUP = 0x02,
    VFS_MAY_MODIFY = 0x04,
    VFS_MAY_EXTEND = 0x08,
    VFS_MAY_DELETE = 0x10,
    VFS_MAY_EXECUTE = 0x20,
    VFS_MAY_READ_ATTR = 0x100, /* ours: getattr's answer; only an ACL can forbid it */
};

enum vfs_open_want { /* same bits as OPEN4_SHARE_ACCESS_* */
    VFS_WANT_READ = 1,
    VFS_WANT_WRITE = 2,
    VFS_WANT_BOTH = 3,
};

enum vfs_stability { /* same numbers as stable_how4 */
    VFS_UNSTABLE = 0,
    VFS_DATA_SYNC = 1,
    VFS_FILE_SYNC = 2,
};

enum vfs_create_mode {
    VFS_CREATE_UNCHECKED, /* an existing regular file is fine and is opened as it is */
    VFS_CREATE_GUARDED,   /* VFS_EXIST when there is one */
    VFS_CREATE_EXCLUSIVE, /* VFS_EXIST unless the file carries this very verifier */
};

struct vfs_create {
    enum vfs_type type;
    enum vfs_create_mode mode;   /* REG only; other types behave as GUARDED */
    const struct vfs_attr *attr; /* initial attributes, by its mask (mode, size, times, uid, gid) */
    uint64_t verifier;           /* EXCLUSIVE */
    const char *link_target;     /* LNK: NUL-terminated */
    uint32_t rdev_major, rdev_minor;
    /* filled by the backend: */
    bool created;           /* false: it was there already (UNCHECKED, or EXCLUSIVE retried) */
    uint32_t attrs_applied; /* subset of attr->mask that took effect */
};

/* One READ.  In: offset, len, buf (room for len bytes).  Out: len as read, eof, and either the
 * bytes at buf, or fd >= 0: the bytes are at `offset` of that descriptor, to be sent without a
 * copy.  The descriptor stays valid while the caller holds its reference on the object and
 * until vfs_ops.read_done().  Only with `fd_ok` may a backend answer by descriptor. */
struct vfs_read {
    uint64_t offset;
    uint32_t len;
    bool fd_ok;
    bool eof;
    int fd;
    void *buf;
};

struct vfs_dirent {
    struct vfs_name name;
    uint64_t cookie; /* > 2; resumes after this entry; stable while the entry lives */
    uint64_t fileid;
    const struct vfs_attr *attr;     /* if asked for; NULL when it could not be read */
    const struct vfs_handle *handle; /* if asked for; NULL when it could not be read */
    const struct vfs_acl *acl;       /* the same */
    bool denied; /* attr or acl is NULL because this entry's own ACL keeps it from cred */
};

/* Asked by the caller of readdir; `emit` returns false when the reply is full, and the entry will
 * come again next time.  `emit` runs without any backend lock that another call needs. */
struct vfs_readdir {
    uint64_t cookie;    /* 0: from the start */
    uint32_t attr_mask; /* 0: names and file ids suffice, no stat per entry */
    bool want_handle;
    bool want_acl; /* with VFS_CAP_ACL only */
    bool (*emit)(void *arg, const struct vfs_dirent *entry);
    void *arg;
    bool eof; /* out */
};

struct vfs;

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

/* What no local program does with a file. */
enum vfs_lease {
    VFS_LEASE_READ,  /* change it */
    VFS_LEASE_WRITE, /* use it */
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

/* What lies below a mounted backend.  Two of them whose objects may be the same files share one,
 * and so does what they wait for. */
struct vfs_volume {
    /* Kept by transport/: threads that wait in it now. */
    _Atomic int32_t blocked;
};

/* One mounted backend.  Backends embed it. */
struct vfs {
    const struct vfs_ops *ops;
    struct vfs_volume *volume; /* lives as long as this */
    uint32_t caps;
    uint64_t fsid; /* unique among exports; set by export/ before first use */
    /* Differs after a restart that may have lost unstable writes, RFC 8881 §18.32. */
    uint64_t write_verifier;
};

/* A file as such, whichever export leads to it: what state/ keys on.  The objects of one file in
 * several exports share a node, which lives as long as any of them. */
struct vfs_node {
    /* Owned by state/: how many have it delegated, by delegation_hint(). */
    _Atomic uint32_t delegations;
    /* Owned by state/: its per-file record, NULL without one. Guarded by state/'s own locks. */
    _Atomic(void *) state;
};

/* One file, directory, ...  as one export has it.  Backends embed it.  Two references to the same
 * file in the same export are the same pointer as long as either lives.  Holders: the callers that
 * a vfs call returned it to; COMPOUNDs (current and saved filehandle); opens, delegations and lock
 * tables in state/; the backend's own cache. */
struct vfs_object {
    struct vfs *fs;
    struct vfs_node *node; /* never changes, never NULL; own_node where nothing is shared */
    _Atomic uint32_t refs;
    enum vfs_type type; /* never changes */
    uint64_t fileid;    /* never changes, never 0 */
    struct vfs_handle handle;
    struct vfs_node own_node;
};

static inline struct vfs_object *vfs_object_get(struct vfs_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);

    DCHECK(before > 0);
    (void)before;
    return obj;
}

/* NULL is fine.  Above vfs/ without any lock: the last one may wait for the file system.  Release
 * pairs with acquire: what others did with the object happens before its release(). */
static inline void vfs_object_put(struct vfs_object *obj)
{
    uint32_t before;

    if (!obj)
        return;
    before = atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel);
    DCHECK(before > 0);
    if (before == 1)
        obj->fs->ops->release(obj);
}

/* Brackets around a call that may sleep (disk, network).  They reach the worker's
 * worker_may_block() through a hook that daemon/ registers; without one they do nothing.
 * vfs_blocking_begin(true): it surely sleeps (fsync); false: it may (a cold lookup). */
struct vfs_blocking_hooks {
    void (*begin)(bool surely);
    void (*end)(void);
};
extern struct vfs_blocking_hooks vfs_blocking_hooks;

static inline void vfs_blocking_begin(bool surely)
{
    if (vfs_blocking_hooks.begin)
        vfs_blocking_hooks.begin(surely);
}

static inline void vfs_blocking_end(void)
{
    if (vfs_blocking_hooks.end)
        vfs_blocking_hooks.end();
}

/* A backend that acts as its callers may leave the calling thread with the file system identity of
 * the last one (fsuid, fsgid, groups), since each switch costs microseconds.  Code that opens or
 * makes files of the server's own, on a thread that may have made vfs calls or that such a thread
 * started, does so between vfs_own_identity_begin() and _end(), after which the thread has the
 * caller's identity again; a thread that serves no requests calls vfs_own_identity() once.
 * Descriptors that are open already need nothing. */
struct vfs_identity_hooks {
    void (*own)(void);
    void (*begin)(void);
    void (*end)(void);
};
/* NULL as long as no backend acts as its callers; set before the first request, and for good. */
extern const struct vfs_identity_hooks *_Atomic vfs_identity_hooks;

static inline void vfs_own_identity(void)
{
    const struct vfs_identity_hooks *hooks = vfs_identity_hooks;

    if (hooks)
        hooks->own();
}

static inline void vfs_own_identity_begin(void)
{
    const struct vfs_identity_hooks *hooks = vfs_identity_hooks;

    if (hooks)
        hooks->begin();
}

static inline void vfs_own_identity_end(void)
{
    const struct vfs_identity_hooks *hooks = vfs_identity_hooks;

    if (hooks)
        hooks->end();
}

/* The receiver of reports about leases: called on a thread of the backend's, which holds no lock.
 * `use` is what the local program is about to do: VFS_LEASE_READ: read; VFS_LEASE_WRITE: change.
 * `held_up`: it waits until the lease is given back. */
struct vfs_lease_hook {
    void (*broken)(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context);
    void *context;
};

/* Set it, or none (NULL); then the former one does not run any more. */
void vfs_lease_hook_set(const struct vfs_lease_hook *hook);

/* For backends. */
void vfs_lease_broken(struct vfs_object *obj, enum vfs_lease use, bool held_up);

/* The receiver of a backend's report that it lacks something that open files hold, like
 * descriptors, and has to refuse a call with VFS_DELAY: called on any thread, with locks of the
 * backend held, perhaps often.  Set while no backend lives, or none is called. */
struct vfs_shortage_hook {
    void (*tell)(void *context); /* NULL: there is no receiver */
    void *context;
};
extern struct vfs_shortage_hook vfs_shortage_hook;

static inline void vfs_shortage(void)
{
    if (vfs_shortage_hook.tell)
        vfs_shortage_hook.tell(vfs_shortage_hook.context);
}

/* A refusal that may_setattr() and the like tell, or VFS_OK for all else. */
static inline enum vfs_status vfs_refusal(enum vfs_status status)
{
    return status == VFS_ACCESS || status == VFS_PERM || status == VFS_ROFS ? status : VFS_OK;
}

/* lease() and unlease() of a backend whose objects local programs cannot reach. */
enum vfs_status vfs_lease_none(struct vfs_object *obj, enum vfs_lease kind);
void vfs_unlease_none(struct vfs_object *obj, enum vfs_lease kind);

/* persist() of a backend without VFS_CAP_PERSIST. */
enum vfs_status vfs_persist_none(struct vfs *fs, struct vfs_object *const *objects, uint32_t count);

/* openattr() of a backend without named attributes. */
enum vfs_status vfs_openattr_none(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                  struct vfs_object **dir);

/* getacl() of a backend without ACLs. */
enum vfs_status vfs_getacl_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                struct vfs_acl *out);
