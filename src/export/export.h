/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports: where backends are in the name space, which clients may use them, and as which users.
 *
 * The name space is a tree of nodes.  A node is an export's root or a directory of the pseudo file
 * system that leads to one; the pseudo file system is itself served as an `struct vfs`, so handlers
 * treat it like any other.  Crossing from one to the other happens only here.  The table does not
 * change while the server runs.  Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "vfs/vfs.h"
#include "wire/nfs4_types.h"

struct export_table;
struct export_node;

enum export_squash {
    EXPORT_ROOT_SQUASH,
    EXPORT_NO_ROOT_SQUASH,
    EXPORT_ALL_SQUASH,
};

/* From which ports calls without proof of identity (AUTH_SYS, AUTH_NONE) are accepted. */
enum export_ports {
    EXPORT_PORTS_DEFAULT,  /* reserved ones if the backend has VFS_CAP_IDENTITY and not all are
                              squashed to one */
    EXPORT_PORTS_SECURE,   /* below 1024: where only root of the client's machine sends from */
    EXPORT_PORTS_INSECURE, /* any */
};

enum export_admission {
    EXPORT_ADMITTED,
    EXPORT_WRONG_PORT,    /* its address may come, but from a reserved port */
    EXPORT_WRONG_ADDRESS, /* it is not meant for this address */
};

struct export_client {
    sa_family_t family;
    uint8_t addr[16];
    uint8_t prefix_bits;
};

struct export
{
    uint32_t id; /* stands in filehandles; stable over restarts as long as the path is */
    char *path;  /* where clients see it; "/" or "/a/b" */
    struct vfs *fs;
    bool read_only;
    bool async;       /* replies do not wait until changes are durable */
    bool strict_utf8; /* names that are not UTF-8 are refused and not listed */
    bool pseudo;      /* the pseudo file system itself */
    bool secure;      /* reserved ports only */
    enum export_squash squash;
    uint32_t anon_uid, anon_gid;
    uint64_t fsid_major, fsid_minor;
    uint32_t client_count; /* 0: everybody */
    struct export_client clients[LIMIT_EXPORT_CLIENTS];
    struct export_node *node; /* its place in the name space */
};

/* Is the export meant for this address? */
bool export_allows(const struct export *export, const struct sockaddr *peer);

/* May this peer use the export? */
enum export_admission export_admit(const struct export *export, const struct sockaddr *peer);

/* May it use any export?  Else the least that is wrong with it. */
enum export_admission export_table_admit(const struct export_table *table,
                                         const struct sockaddr *peer);

/* A number that differs, and is not 0, whenever export_table_admit() may answer otherwise. */
uint32_t export_table_generation(const struct export_table *table);

/* The credentials that `uid`... become on this export. */
void export_squash_cred(const struct export *export, uint32_t uid, uint32_t gid, uint32_t gid_count,
                        const uint32_t *gids, struct vfs_cred *out);

/* What one --export option says; made by export_spec_parse(). */
struct export_spec {
    char *path;    /* normalised: "/" or "/a/b" */
    char *backend; /* "mem", "local", ... */
    char *arg;     /* behind the colon; "" if none */
    bool read_only;
    bool strict_utf8;
    bool async;
    enum export_squash squash;
    enum export_ports ports;
    uint32_t anon_uid, anon_gid;
    bool has_fsid;
    uint64_t fsid;
    uint32_t client_count;
    struct export_client clients[LIMIT_EXPORT_CLIENTS];
};

/* Parse 'PSEUDO=BACKEND[:ARG][,OPT...]' with the options ro, rw, sync, async, root_squash,
 * no_root_squash, all_squash, secure, insecure, anonuid=N, anongid=N, client=ADDR[/BITS],
 * sec=sys[:sys...], fsid=N, strict_utf8; those that contradict each other are refused.  False:
 * `error` says what is wrong and what is expected.  Free with export_spec_fini(). */
bool export_spec_parse(const char *text, struct export_spec *spec, char *error, size_t error_size);
void export_spec_fini(struct export_spec *spec);

struct export_table *export_table_create(void);

/* Give the backends back (vfs_ops.destroy); no object may be held any more. */
void export_table_destroy(struct export_table *table);

/* Add one export; the table owns `fs` on success.  False and `error`: same path or fsid twice, too
 * many, or the backend has no root.  Before the server starts only. */
bool export_table_add(struct export_table *table, const struct export_spec *spec, struct vfs *fs,
                      char *error, size_t error_size);

/* Root of the whole name space (PUTROOTFH, PUTPUBFH) as the peer meets it: the export `/` if it may
 * use that, else a directory that leads to those which it may use.  VFS_ACCESS: it may not use `/`,
 * nor anything below.  References for the caller. */
enum vfs_status export_root(struct export_table *table, const struct sockaddr *peer,
                            struct vfs_object **obj, struct export **export);

/* nfs_fh4 -> its export; asks no backend.  BADHANDLE for bytes that are not ours, STALE for what is
 * no longer exported. */
enum vfs_status export_fh_export(struct export_table *table, const struct nfs_fh4 *fh,
                                 struct export **export);

/* nfs_fh4 of that export -> object, with a reference.  BADHANDLE for bytes that are not ours or
 * whose MAC is wrong, STALE for what is gone. */
enum vfs_status export_fh_resolve(const struct export *export, const struct nfs_fh4 *fh,
                                  struct vfs_object **obj);

/* object -> nfs_fh4 at `buf` of LIMIT_FH_BYTES; returns the length. */
uint32_t export_fh_build(const struct export *export, const struct vfs_handle *handle,
                         uint8_t *buf);

/* Name space steps: if `dir` is a node's own directory and `name` a child node, go there: to the
 * child export's root when the peer may use it, else to a directory that leads to those below which
 * it may use, else VFS_NOENT.  Otherwise VFS_OK with *obj NULL: ask the backend. */
enum vfs_status export_cross_down(struct export_table *table, struct export *export,
                                  struct vfs_object *dir, const struct vfs_name *name,
                                  const struct sockaddr *peer, struct vfs_object **obj,
                                  struct export **out_export);

/* The directory above an export's root as the peer meets it; VFS_NOENT at the top; VFS_OK with *obj
 * NULL when `dir` is not an export's root. */
enum vfs_status export_cross_up(struct export_table *table, struct export *export,
                                struct vfs_object *dir, const struct sockaddr *peer,
                                struct vfs_object **obj, struct export **out_export);

/* mounted_on_fileid (RFC 8881 §5.8.2.23): that of the node an export's root covers, else the
 * object's own. */
uint64_t export_mounted_on_fileid(const struct export *export, const struct vfs_object *obj);

/* Children of the node `dir` stands for that the backend's own READDIR does not list (exports
 * below a real export's root): *index starts at 0; false when there are no more. */
bool export_child_next(struct export_table *table, const struct export *export,
                       const struct vfs_object *dir, const struct sockaddr *peer, uint32_t *index,
                       struct vfs_name *name, struct vfs_object **obj, struct export **out_export);

/* Does the name space put something of this name into `dir`, whatever the backend has there? */
bool export_child_named(const struct export *export, const struct vfs_object *dir,
                        const struct vfs_name *name);
bool export_has_children(const struct export *export, const struct vfs_object *dir);
