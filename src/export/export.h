/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports: where backends are in the name space, which clients may use them, how they must prove
 * who they are, and as which users they act.
 *
 * The name space is a tree of nodes.  A node is an export's root or a directory of the pseudo file
 * system that leads to one; the pseudo file system is itself served as an `struct vfs`, so handlers
 * treat it like any other.  Crossing from one to the other happens only here.
 *
 * Exports change while the server runs (export_table.h).  A `struct export` never changes: a change
 * puts another one in its place, which requests find from then on.  A request uses exports between
 * export_enter() and export_leave(), and has what it found until it leaves.  Thread safe, without
 * locks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "export/export_certificate.h"
#include "export/export_security.h"
#include "vfs/vfs.h"
#include "wire/nfs4_types.h"

struct counter_set;
struct export_table;
struct export_node;

enum export_squash {
    EXPORT_ROOT_SQUASH,
    EXPORT_NO_ROOT_SQUASH,
    EXPORT_ALL_SQUASH,
};

/* Where attributes of files come from. */
enum export_attributes {
    EXPORT_ATTRIBUTES_ASKED,   /* the file system, each time */
    EXPORT_ATTRIBUTES_OWN,     /* also what is kept: only this server changes the files */
    EXPORT_ATTRIBUTES_WATCHED, /* also what is kept: the kernel tells what others change */
    EXPORT_ATTRIBUTES_COUNT,
};

/* From which ports calls without proof of identity are accepted: AUTH_SYS and AUTH_NONE over a
 * connection without a certificate. */
enum export_ports {
    EXPORT_PORTS_DEFAULT,  /* reserved ones if the backend has VFS_CAP_IDENTITY and not all are
                              squashed to one */
    EXPORT_PORTS_SECURE,   /* below 1024: only root of the client's machine can bind them */
    EXPORT_PORTS_INSECURE, /* any */
};

/* Each also says that what stands behind it is right. */
enum export_admission {
    EXPORT_ADMITTED,
    EXPORT_WRONG_PORT,        /* a reserved one is needed */
    EXPORT_WRONG_FLAVOR,      /* sec= does not list it */
    EXPORT_WRONG_CERTIFICATE, /* no rule tls_peer= matches it */
    EXPORT_WRONG_TRANSPORT,   /* xprtsec= demands more */
    EXPORT_WRONG_ADDRESS,     /* the address is not allowed */
};

struct export_client {
    sa_family_t family;
    uint8_t addr[16];
    uint8_t prefix_bits;
};

struct export
{
    uint32_t id; /* part of filehandles; the same after a restart if the path is */
    char *path;  /* where clients see it; "/" or "/a/b" */
    struct vfs *fs;
    struct vfs_object *root;      /* a reference */
    struct counter_set *counters; /* export_counters.h; NULL: the pseudo file system, which has no
                                   * files */
    bool read_only;
    bool async;          /* replies do not wait until changes are durable */
    bool strict_utf8;    /* names that are not UTF-8 are refused and not listed */
    bool security_label; /* clients see and set the labels of its files (RFC 7862 §9) */
    bool pseudo;         /* the pseudo file system itself */
    bool secure;         /* reserved ports only */
    struct export_security security;
    uint32_t takes;                           /* export_security_mask() */
    struct export_certificates *certificates; /* NULL: no rules about them */
    bool asks_certificate;                    /* `takes` is only for those whom they admit */
    uint32_t takes_anywhere; /* those of `takes` whose address and certificate don't matter */
    enum export_squash squash;
    uint32_t anon_uid, anon_gid;
    uint64_t fsid_major, fsid_minor;
    uint32_t client_count; /* 0: all clients are allowed */
    struct export_client clients[LIMIT_EXPORT_CLIENTS];
    _Atomic(struct export_node *) node; /* its place in the present name space */
};

/* Begin to use exports.  The result is for export_leave(), which any thread may call. */
unsigned export_enter(struct export_table *table);
void export_leave(struct export_table *table, unsigned phase);

/* May this address use the export?  The port is not considered. */
bool export_allows(const struct export *export, const struct sockaddr *peer);

/* Does the export take anybody from this address and port, however they prove who they are? */
bool export_is_for(const struct export *export, const struct sockaddr *peer);

/* Someone at this address and port; `tls` is NULL without TLS. */
void export_caller_init(struct export_caller *caller, const struct sockaddr *peer,
                        const struct tls_peer *tls, enum security_flavor flavor,
                        enum export_xprtsec xprtsec);

/* May the caller use the export?  The pseudo file system says yes: export_admit_at() knows more. */
enum export_admission export_admit(const struct export *export, const struct export_caller *caller);

/* Is the caller one whom the export takes whatever its address and certificate are?  If not,
 * export_admit_at() tells. */
static inline bool export_admits_anywhere(const struct export *export,
                                          const struct export_caller *caller)
{
    return __builtin_expect((export->takes_anywhere & caller->bit) != 0, 1);
}

/* May the caller use this object of the export?  A directory of the pseudo file system is open as
 * far as it must be, to those whom one of the exports at and below it takes: else WRONG_FLAVOR,
 * WRONG_CERTIFICATE or WRONG_TRANSPORT, whichever is the least for all of them. */
enum export_admission export_admit_at(const struct export *export, const struct vfs_object *obj,
                                      const struct export_caller *caller);

/* The flavors to tell the caller of this object, in order of preference; their number.  For a
 * directory of the pseudo file system: those of the exports at and below it. */
uint32_t export_flavors_at(const struct export *export, const struct vfs_object *obj,
                           const struct export_caller *caller,
                           uint8_t flavors[SECURITY_FLAVOR_COUNT]);

/* May the caller use any export?  If not, what is least wrong.  Needs no export_enter(). */
enum export_admission export_table_admit(struct export_table *table,
                                         const struct export_caller *caller);

/* A number, never 0, that changes whenever the results of export_table_admit() may have changed.
 * To be read before these. */
uint32_t export_table_generation(const struct export_table *table);

/* The user that tls_user= makes of a caller who proves nothing but a certificate; NULL: none.
 * Lives as long as the export. */
static inline const struct export_user *export_user_of(const struct export *export,
                                                       const struct export_caller *caller)
{
    if (__builtin_expect(!export->certificates, 1) || caller->flavor >= SECURITY_KRB5)
        return NULL;
    return export_certificates_user(export->certificates, caller->tls);
}

/* Apply the export's squash options to a caller.  If a further group is changed, it has a copy of
 * them from `arena`, and no further groups without memory. */
void export_squash_cred(const struct export *export, struct arena *arena, struct vfs_cred *cred);

/* What one --export option says, or one export of the configuration file. */
struct export_spec {
    char *path;    /* normalised: "/" or "/a/b" */
    char *backend; /* "mem", "local", ... */
    char *arg;     /* the text after the colon; "" if none */
    bool read_only;
    bool strict_utf8;
    bool security_label;
    bool async;
    enum export_attributes attributes;
    enum export_squash squash;
    enum export_ports ports;
    struct export_security security; /* no xprtsecs: export_spec_complete() */
    struct export_rules tls_peers, tls_users;
    uint32_t anon_uid, anon_gid;
    bool has_fsid;
    uint64_t fsid;
    uint32_t client_count;
    struct export_client clients[LIMIT_EXPORT_CLIENTS];
};

/* Parse 'PSEUDO=BACKEND[:ARG][,OPT...]' with the options ro, rw, sync, async, root_squash,
 * no_root_squash, all_squash, secure, insecure, anonuid=N, anongid=N, client=ADDR[/BITS],
 * sec=FLAVOR[:FLAVOR...], xprtsec=WORD[:WORD...], tls_peer=RULE, tls_user=RULE=USER, fsid=N,
 * strict_utf8, security_label, attribute_cache=WORD; contradicting options are refused.  On failure
 * `error` says what is wrong and what is expected.  Free with export_spec_fini(). */
bool export_spec_parse(const char *text, struct export_spec *spec, char *error, size_t error_size);
void export_spec_fini(struct export_spec *spec);

/* As options have it. */
const char *export_attributes_name(enum export_attributes attributes);

/* The same piece by piece.  First the defaults, without a path, a backend and an argument. */
void export_spec_init(struct export_spec *spec);

/* At the end: the default of xprtsec.  False, with `error`: rules about certificates want one. */
bool export_spec_complete(struct export_spec *spec, char *error, size_t size) MUST_USE;

/* Admit ADDR or ADDR/BITS.  False: it is neither, or there is no room for one more. */
bool export_spec_add_client(struct export_spec *spec, const char *text) MUST_USE;

/* Another one that says the same, to be freed, too. */
void export_spec_copy(struct export_spec *copy, const struct export_spec *spec);

/* Do they name the same files, with the same fsid?  Then one can take the place of the other while
 * clients use it (export_table_change()). */
bool export_spec_same_files(const struct export_spec *a, const struct export_spec *b);

/* In what else they differ, as words with commas between them; "" if in nothing.  Returns
 * `text`. */
const char *export_spec_differences(const struct export_spec *a, const struct export_spec *b,
                                    char *text, size_t size);

/* A path with its slashes collapsed, to be freed; NULL if it is relative, has `.` or `..` in it, or
 * exceeds the limits. */
char *export_path_normalise(const char *text, size_t len);

/* Root of the name space (PUTROOTFH, PUTPUBFH) for this caller: the root of the export `/` if the
 * caller may use it, else the pseudo directory.  VFS_ACCESS: `/` is an export, and no export is
 * meant for the caller's address.  The result is a reference on *obj. */
enum vfs_status export_root(struct export_table *table, const struct export_caller *caller,
                            struct vfs_object **obj, struct export **export);

/* Find the export of a filehandle, without calling the backend.  VFS_BADHANDLE: the server cannot
 * have made the filehandle.  VFS_STALE: its export no longer exists. */
enum vfs_status export_fh_export(struct export_table *table, const struct nfs_fh4 *fh,
                                 struct export **export);

/* Find the object of a filehandle of this export, and take a reference on it.  VFS_STALE: the
 * object is gone, or the filehandle is not one of this backend: it may be one of the backend that
 * the path had before (RFC 8881 §4.2.2), or its MAC is wrong. */
enum vfs_status export_fh_resolve(const struct export *export, const struct nfs_fh4 *fh,
                                  struct vfs_object **obj);

/* Make a filehandle in `buf`, which has LIMIT_FH_BYTES; returns the length. */
uint32_t export_fh_build(const struct export *export, const struct vfs_handle *handle,
                         uint8_t *buf);

/* Look up `name` among the child nodes of the node whose directory is `dir`.  The result is the
 * root of the child's export if the caller may use it, or if it only has the wrong flavor, which
 * SECINFO mends; else the child's pseudo directory.  VFS_NOENT: no export at or below the child is
 * meant for the caller's address.  VFS_OK with *obj NULL: there is no such node, and the backend is
 * to look `name` up. */
enum vfs_status export_cross_down(struct export_table *table, struct export *export,
                                  struct vfs_object *dir, const struct vfs_name *name,
                                  const struct export_caller *caller, struct vfs_object **obj,
                                  struct export **out_export);

/* Look up the parent directory of an export's root or a pseudo directory, for this caller.
 * VFS_NOENT at the top; VFS_OK with *obj NULL if `dir` belongs to no node. */
enum vfs_status export_cross_up(struct export_table *table, struct export *export,
                                struct vfs_object *dir, const struct export_caller *caller,
                                struct vfs_object **obj, struct export **out_export);

/* mounted_on_fileid (RFC 8881 §5.8.2.23): for an export's root, the fileid of the pseudo directory
 * that it covers; for other objects their own fileid. */
uint64_t export_mounted_on_fileid(const struct export *export, const struct vfs_object *obj);

/* The next child of the node whose directory is `dir`; the backend's READDIR does not list them.
 * *cookie starts at 0, and is less than VFS_COOKIE_EXPORTS_COUNT; it stays the child's as long as
 * that is there, and after a restart.  False when there are no more. */
bool export_child_next(struct export_table *table, const struct export *export,
                       const struct vfs_object *dir, const struct export_caller *caller,
                       uint32_t *cookie, struct vfs_name *name, struct vfs_object **obj,
                       struct export **out_export);

/* Is there a child node of this name in `dir`?  It hides an entry of the backend. */
bool export_child_named(const struct export *export, const struct vfs_object *dir,
                        const struct vfs_name *name);

/* Is `dir` the directory of a node, which may have children? */
bool export_has_place(const struct export *export, const struct vfs_object *dir);

/* Has `dir` child nodes at present, whichever the export was that the caller found?  If not, and it
 * gets one, export_table_hooks.covered() follows. */
bool export_has_children(const struct export_table *table, const struct vfs_object *dir);
