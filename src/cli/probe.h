/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an NFSv4 server says of itself: minor versions, session limits, supported attributes and
 * the tree of its exports.  It asks only; nothing on the server changes but the client records
 * that asking takes.
 */
#pragma once

#include "client/client_file.h"

#define PROBE_MINORS 3u
#define PROBE_TREE_NODES 256u
#define PROBE_DEPTH_DEFAULT 3u
#define PROBE_DEPTH_MAX 16u

/* How a minor version was answered. */
struct probe_minor {
    bool accepted;
    enum nfsstat4 status; /* of the compound that asked */
};

/* A directory of the name space where a file system begins. */
struct probe_node {
    char path[512];
    struct fsid4 fsid;
    enum nfsstat4 status; /* of looking at it */
};

struct probe {
    const char *target;
    int timeout_ms;
    struct client_cred cred;
    unsigned depth;
    struct probe_minor minors[PROBE_MINORS];
    bool has_session; /* what follows is filled */
    enum nfsstat4 session_status;
    struct client_session session;
    char server_owner[256], server_scope[256], implementation[256];
    uint32_t lease_s;
    bool has_attrs; /* of the root */
    struct nfs4_attrs attrs;
    struct probe_node nodes[PROBE_TREE_NODES];
    unsigned node_count;
    bool truncated; /* the tree was larger, or deeper, than what is looked at */
};

/* Fill everything after `depth`.  Not CLIENT_OK: nobody answers NFSv4 there. */
MUST_USE enum client_status probe_run(struct probe *probe);

/* Walk the name space from its root, where every change of fsid is a file system (probe_tree.c). */
void probe_tree(struct probe *probe, struct client_mount *mount);

/* The name of an attribute, or NULL. */
const char *probe_attr_name(uint32_t attribute);
